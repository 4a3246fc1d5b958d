/*
 * Tells which directory or file it is (by inode and birth), and whether a
 * file has changed since. The functions only ask the file system.
 */
#ifndef WATCHER_IDENTITY_H
#define WATCHER_IDENTITY_H

#include <sys/stat.h>

#include "watcher/watcher.h"

/* Identifies an open directory. Returns 0 or a negative errno. */
int identity_of(int fd, struct watcher_identity *identity);
/* The stamp of a file in an open directory; symbolic links are not followed. */
struct watcher_stamp identity_stamp_at(int dir_fd, const char *name);
/* The same, but they are followed; one to nothing is not there. */
struct watcher_stamp identity_stamp_through(int dir_fd, const char *name);
/* The stamp of an open file. */
struct watcher_stamp identity_stamp_of(const struct stat *st);
/* Is it the same file, not written since? */
bool identity_stamp_equal(
    const struct watcher_stamp *a, const struct watcher_stamp *b);

#endif
