/*
 * Decides when what is new goes up to a W&B server: at W&B's own pace, at once where
 * much waits or the run ends, and a sign of life where nothing is new.
 */
#ifndef TRACKER_WANDB_PACE_H
#define TRACKER_WANDB_PACE_H

#include <stdbool.h>

#include "tracker/wandb/online.h"

/* Are there requests to be made now? If so, o->due and o->beat say which, and the
 * next ones wait for these. */
bool wandb_pace_is_due(struct wandb_online *o, const struct batch *batch);

#endif
