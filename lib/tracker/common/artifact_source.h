/*
 * Opens the file that an ARTIFACT entry names, for sending: the copy kept
 * beside the journal, else the file itself, which must be a regular file with
 * the recorded size, modification time and inode.
 */
#ifndef TRACKER_COMMON_ARTIFACT_SOURCE_H
#define TRACKER_COMMON_ARTIFACT_SOURCE_H

#include <errno.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "base/err.h"
#include "journal/entry.h"
#include "tracker/tracker.h"

/* DONE: *fd is the caller's, `st` (may be NULL) gets its status. REJECTED: the
 * file is gone, or is not the recorded one. BLOCKED: it could not be looked at,
 * or it is missing here, and the entry was made on another host (`host`: the
 * start entry's). */
enum outcome source_open(const struct entry_artifact *artifact,
    const char *host, int *fd, struct stat *st, struct err *err);

/* No system call that these functions make has this error. */
#define SOURCE_CHANGED (-EREMCHG)

/* Is the file still as recorded? SOURCE_CHANGED if not. Callers ask again after
 * they sent it. */
int source_check(
    int fd, const struct entry_artifact *artifact, struct err *err);

/* Was the entry made on another host (the start entry's)? */
bool source_is_elsewhere(const char *host);

/* What a negative errno of these functions means: REJECTED or BLOCKED. */
enum outcome source_outcome(int code);

#endif
