/* What `itrack doctor` says of W&B (tracker_ops.examine), and itrack-wrap before
 * a run (tracker_ops.foretell). */
#ifndef TRACKER_WANDB_EXAMINE_H
#define TRACKER_WANDB_EXAMINE_H

#include "tracker/examine.h"

void wandb_examine(const struct examination *x);
void wandb_foretell(const struct examination *x);

#endif
