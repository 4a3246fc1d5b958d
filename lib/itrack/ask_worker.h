/* Asks the worker what became of the run, and makes of its answer, its silence or its
 * death what flush and end_run say. */
#ifndef ITRACK_ASK_WORKER_H
#define ITRACK_ASK_WORKER_H

#include <stdint.h>

#include "base/err.h"
#include "itrack/handle.h"

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
