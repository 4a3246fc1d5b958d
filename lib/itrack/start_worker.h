/* Starts a worker for a run's journal, and says why none starts. */
#ifndef ITRACK_START_WORKER_H
#define ITRACK_START_WORKER_H

#include "base/err.h"
#include "itrack/handle.h"

/* Starts a worker for the run's journal; run->link leads to it. worker_begin: the
 * first one. */
int worker_begin(
    const struct itrack_tracker *t, struct run *run, struct err *err);
int worker_start(
    const struct itrack_tracker *t, struct run *run, struct err *err);

/* Starts a worker that delivers, by itself, what an open run has logged so far.
 * If that fails, the next process that goes on with the run delivers it. */
void worker_wake(const struct itrack_tracker *t, struct run *run);

/* From now on the run has no worker. */
void worker_drop_link(struct run *run);

#endif
