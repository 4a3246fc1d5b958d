/*
 * Recognises file systems to which other machines write, too. inotify does not
 * see such writes. If we hold a file open there and somebody removes it, it
 * stays in its directory under another name, so that the directory can't be
 * removed.
 */
#ifndef BASE_REMOTE_FS_H
#define BASE_REMOTE_FS_H

#include <stdbool.h>

bool remote_has_path(const char *path);
bool remote_has_file(int fd);

#endif
