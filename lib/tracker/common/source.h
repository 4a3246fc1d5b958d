/*
 * The file that an ARTIFACT entry names, opened for sending: what was kept of
 * it beside the journal, else itself, a regular file with the size,
 * modification time and inode that were recorded.
 */
#ifndef TRACKER_COMMON_SOURCE_H
#define TRACKER_COMMON_SOURCE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/err.h"
#include "journal/entry.h"
#include "tracker/tracker.h"

/* DONE: *fd is the caller's, `st` (may be NULL) its status. REJECTED: it is
 * gone or another one than was recorded. BLOCKED: it is missing here, and the
 * entry was made on another host than this (`host`: the start entry's). */
enum outcome source_open(const struct entry_artifact *artifact,
    const char *host, int *fd, struct stat *st, struct err *err);

/* A descriptor, `st` (may be NULL) its status with the recorded modification
 * time and permissions; or a negative errno, -ESTALE: another file than was
 * recorded. */
int source_open_file(
    const struct entry_artifact *artifact, struct stat *st, struct err *err);

/* Still as recorded? -ESTALE if not: asked again when it was sent. */
int source_check(
    int fd, const struct entry_artifact *artifact, struct err *err);

#endif
