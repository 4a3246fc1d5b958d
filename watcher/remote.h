/*
 * File systems where other machines write too: inotify does not see that, and a
 * file that is held open there stays in its directory under another name when
 * it is removed, so that the directory can't be removed.
 */
#ifndef WATCHER_REMOTE_H
#define WATCHER_REMOTE_H

#include <stdbool.h>

bool remote_has_path(const char *path);
bool remote_has_file(int fd);

#endif
