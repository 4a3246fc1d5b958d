/*
 * What a run directory is called. The shim, inotify, /proc and a walk may each
 * learn of it first, and by another path (a symbolic link, a ".."): so the name
 * that the user or the arguments give goes before theirs.
 *
 *	name = called_as(option, false, &identity, dir);
 *	name = name != NULL ? name : called_as(root, true, &identity, dir);
 */
#ifndef WRAP_WORKER_CALLED_H
#define WRAP_WORKER_CALLED_H

#include <stdbool.h>

#include "watcher/watcher.h"

/* Returns `place`, or where that `is_root` the path below it, if this is the
 * directory that is known as `dir`. NULL: it is another one, there is no place
 * (NULL), or nobody can look. Paths are absolute; to be freed. */
char *called_as(const char *place, bool is_root,
    const struct watcher_identity *identity, const char *dir);

#endif
