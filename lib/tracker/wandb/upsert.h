/*
 * UpsertBucket: W&B's call that makes a run or changes it. Members that are not
 * sent stay unchanged; the config is always sent as a whole.
 */
#ifndef TRACKER_WANDB_UPSERT_H
#define TRACKER_WANDB_UPSERT_H

#include "tracker/wandb/client.h"
#include "tracker/wandb/run.h"

/* `start`: given at the first call, which sends everything that does not change
 * later; else NULL. done(call, reply) follows. */
void wandb_upsert(struct wandb_call *call, struct wandb_client *client,
    const struct wandb_run *run, const struct entry_start *start,
    wandb_done *done, void *data);

/* Asks what a run of this ID has; for tracker/wandb/resume.h. */
void wandb_ask_resume(struct wandb_call *call, struct wandb_client *client,
    const struct wandb_run *run, wandb_done *done, void *data);

/* Replaces the summary of a run, also of one that has ended. */
void wandb_upsert_summary(struct wandb_call *call, struct wandb_client *client,
    const struct wandb_run *run, const char *summary, wandb_done *done,
    void *data);

#endif
