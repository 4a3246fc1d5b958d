/*
 * UpsertBucket: W&B's call that makes a run, or changes what is known of it.
 * Members that are not sent stay as they are; the config is always whole.
 */
#ifndef TRACKER_WANDB_UPSERT_H
#define TRACKER_WANDB_UPSERT_H

#include "tracker/wandb/client.h"
#include "tracker/wandb/run.h"

/* `start`: at the first time, with all that does not change later; else NULL.
 * done(call, reply) follows. */
void wandb_upsert(struct wandb_call *call, struct wandb_client *client,
    const struct wandb_run *run, const struct entry_start *start,
    wandb_done *done, void *data);

#endif
