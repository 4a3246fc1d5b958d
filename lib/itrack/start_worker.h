/*
 * Finds the worker, starts it and asks it, on the library's side.
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
 * -EINVAL). -ENOENT: it is nowhere. *path is absolute and allocated; NULL
 * on failure. `err` must not be NULL. */
int worker_find(char **path, struct err *err);

/* Starts a worker for the run's journal; run->link leads to it. worker_begin: the
 * first one. */
int worker_begin(
    const struct itrack_tracker *t, struct run *run, struct err *err);
int worker_start(
    const struct itrack_tracker *t, struct run *run, struct err *err);

/* Starts a worker that delivers, by itself, what an open run has logged so far.
 * If that fails, the next process that goes on with the run delivers it. */
void worker_wake(const struct itrack_tracker *t, struct run *run);

/* Waits for the worker's answer: worker_open until the tracker has begun the run
 * (run->its_id is then what it calls it) or does not, worker_flush until every entry
 * logged so far is delivered, worker_settle until the worker's work after the run's end is
 * over. A worker that died is started once more. 0, -ETIMEDOUT, -EAGAIN
 * (nothing more is tried now, the rest waits for a sync), -EIO (a tracker
 * refuses something for good). */
int worker_open(const struct itrack_tracker *t, struct run *run,
    int64_t limit_ms, struct err *err);
int worker_flush(const struct itrack_tracker *t, struct run *run,
    int64_t limit_ms, struct err *err);
int worker_settle(const struct itrack_tracker *t, struct run *run,
    int64_t limit_ms, struct err *err);

#endif
