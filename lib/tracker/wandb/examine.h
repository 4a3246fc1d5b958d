/* What `itrack doctor` says of W&B: tracker_ops.examine. */
#ifndef TRACKER_WANDB_EXAMINE_H
#define TRACKER_WANDB_EXAMINE_H

#include "tracker/examine.h"

void wandb_examine(const struct examination *x);

#endif
