/*
 * Says how far the drain is, when the command has ended and trackers still get the
 * rest: on a terminal in one line that counts down, in a log in one plain line, both
 * only if it takes a while.
 */
#ifndef WRAP_WORKER_DRAIN_PROGRESS_H
#define WRAP_WORKER_DRAIN_PROGRESS_H

#include <stdint.h>

#include "base/buf.h"
#include "base/loop.h"

struct drain_progress;

/* `left` appends what is still to be delivered ("mlflow: 12 entries") to the
 * line, nothing if all is done. Writes to standard error. */
struct drain_progress *drain_progress_new(struct loop *loop, int64_t drain_ms,
    void (*left)(struct buf *line, void *data), void *data);
/* Takes the line away. NULL is fine. */
void drain_progress_free(struct drain_progress *c);

#endif
