/*
 * Goes on with a W&B run that is there already, as W&B's own client does: takes
 * over its config, its summary and its lines of history, and refuses what the
 * user has excluded.
 */
#ifndef TRACKER_WANDB_RESUME_H
#define TRACKER_WANDB_RESUME_H

#include <stdbool.h>

#include "foreign/json.h"
#include "tracker/wandb/run.h"

/* `data`: the answer to wandb_ask_resume(). `mode`: allow, must or never; NULL:
 * none was given, which is as allow. `before`: this attempt has opened the run
 * before, so what is there is ours too. -ENOENT, -EEXIST: the mode forbids to
 * go on. */
int wandb_resume_take(struct wandb_run *run, const cJSON *data,
    const char *mode, bool before, struct err *err);

#endif
