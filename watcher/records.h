/*
 * Opens the records of a run directory that the user named, wherever they lie:
 * records.jsonl or the file that the manifest names in its place; a plain file,
 * a symbolic link (DVC, git-annex and bazel make these), or a file packed by
 * gzip, with or without .gz in its name. In a directory that is watched, by
 * contrast, no link is followed.
 */
#ifndef WATCHER_RECORDS_H
#define WATCHER_RECORDS_H

#include <sys/stat.h>

#include "base/err.h"

/* Opens them for reading, unpacked: a packed file goes through a temporary one
 * without a name. `st` (may be NULL) gets the status of what is read. -ENOENT:
 * there is no such file; any other error: there is one that can't be read. */
int records_open(int dir_fd, struct stat *st, struct err *err);

/* Can the directory be imported? 0: yes, it has a record, or it has none and
 * its manifest agrees. Else its records can't be read, and err says why. */
int records_probe(const char *dir, struct err *err);

#endif
