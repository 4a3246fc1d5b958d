/*
 * System metrics by W&B's own names, which its "System" page knows. Of a GPU and
 * of memory it wants other units than MLflow.
 */
#ifndef TRACKER_WANDB_SYSTEM_H
#define TRACKER_WANDB_SYSTEM_H

#include <stdbool.h>

#include "journal/entry.h"
#include "tracker/wandb/run.h"
#include "tracker/wandb/values.h"

/* Are they system metrics? They are no row of the history. */
bool wandb_is_system(const struct entry *e);
/* As an offline run has them: "cpu", "proc.memory.rssMB". */
void wandb_system_stats(struct wandb_values *values, const struct entry *e);
/* As the file stream has them: "system.cpu", with the time. */
void wandb_system_event(struct wandb_values *values,
    const struct wandb_run *run, const struct entry *e);

#endif
