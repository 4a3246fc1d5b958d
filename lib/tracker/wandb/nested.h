/* The leaves of a run's configuration as W&B shows them: one value, an object of
 * objects. */
#ifndef TRACKER_WANDB_NESTED_H
#define TRACKER_WANDB_NESTED_H

#include "tracker/wandb/values.h"

/* Puts params that are named `config.model.args.temperature` into `values` as
 * the value `config`. A name that does not fit (`config.a` beside `config.a.b`,
 * where a key has a dot in it) stands whole among the members of `config`. */
void wandb_nested(
    struct wandb_values *values, const struct entry_params *params);

#endif
