/*
 * The worker as the library sees it: found, started, asked.
 */
#ifndef ITRACK_START_WORKER_H
#define ITRACK_START_WORKER_H

#include <stdint.h>

#include "base/err.h"
#include "itrack/handle.h"

/* Finds itrack-worker: libexec/itrack/ in the folder of the library (or of the
 * program that it is linked into), or one or two further up, if it belongs to
 * the user, to root or to the library's owner; else where it was installed.
 * ITRACK_WORKER in the environment names another, by an absolute path (else
 * -EINVAL). -ENOENT: it is nowhere. *path is absolute and allocated. */
int worker_find(char **path, struct err *err);

/* Starts one for the run's journal; run->link is the way to it. */
int worker_start(
    const struct itrack_tracker *t, struct run *run, struct err *err);

/* Has what was written of an open run delivered, by one that works on its own.
 * Without success the next process that goes on with the run has it done. */
void worker_wake(const struct itrack_tracker *t, struct run *run);

/* Waits for its answer: all delivered up to now (worker_flush), or the end of
 * its work after the run's (worker_settle). A worker that died is started once
 * more. 0, -ETIMEDOUT, -EAGAIN (nothing more is tried now, the rest waits for
 * a sync), -EIO (a tracker refuses something for good). */
int worker_flush(const struct itrack_tracker *t, struct run *run,
    int64_t limit_ms, struct err *err);
int worker_settle(const struct itrack_tracker *t, struct run *run,
    int64_t limit_ms, struct err *err);

#endif
