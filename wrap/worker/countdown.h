/*
 * What is said while the command has ended and trackers still get the rest: on
 * a terminal one line that counts down, in a log one plain line, both only if
 * it takes a while.
 */
#ifndef WRAP_WORKER_COUNTDOWN_H
#define WRAP_WORKER_COUNTDOWN_H

#include <stdint.h>

#include "base/buf.h"
#include "base/loop.h"

struct countdown;

/* `left` appends what is still to be delivered ("mlflow: 12 entries") to the
 * line, nothing if all is done. Writes to standard error. */
struct countdown *countdown_new(struct loop *loop, int64_t drain_ms,
    void (*left)(struct buf *line, void *data), void *data);
/* Takes the line away. NULL is fine. */
void countdown_free(struct countdown *c);

#endif
