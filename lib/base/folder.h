/*
 * Opens files in folders in which others may write: below the open folder no
 * symbolic link is followed, neither in the middle of a path nor at its end. A
 * symbolic link, a FIFO, a device or another user's file found there is refused
 * with its name. All return 0 (or a descriptor, close-on-exec) or a negative
 * errno with `err` filled.
 */
#ifndef BASE_FOLDER_H
#define BASE_FOLDER_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/err.h"

/* Opens the folder `path` below `dirfd`, "a" or "a/b/c"; "" is dirfd itself.
 * With `make`, missing folders are made, mode 0777 & ~umask. -ELOOP: a
 * component is a link; -ENOTDIR: it is no folder; -EINVAL: it is "..". */
int folder_open(int dirfd, const char *path, bool make, struct err *err);

/* As folder_open, for the part of `path` before the last slash; *base gets the
 * part behind it, inside `path`. */
int folder_open_parent(
    int dirfd, const char *path, bool make, const char **base, struct err *err);

/* Opens `name`, one component, with `flags` (O_CREAT: mode 0666 & ~umask) and
 * never waits. -ELOOP: a symbolic link; -EINVAL: no regular file; -EPERM:
 * another user's. */
int folder_open_file(int dirfd, const char *name, int flags, struct err *err);

/* Is it a file of the effective user, or of the folder's owner? Who is root
 * here may be somebody else on a network file system. */
bool folder_is_ours(int dirfd, const struct stat *st);

/* Writes the mark that tells a folder from a later one of the same name: the
 * inode and, where the file system keeps it, the time of birth. The mark leaves
 * out the device, because its number may change with the next mount. */
#define FOLDER_MARK_SIZE 48
int folder_mark(int fd, char mark[FOLDER_MARK_SIZE], struct err *err);

#endif
