/*
 * The table `experiments` of a W&B run whose experiments have runs of their own:
 * a row for each, with its model, its probe and what its summary says, so that
 * models compare on one page.
 *
 *	wandb_table_open(&table, &wandb_experiments, to);
 *	wandb_experiments_write(&children, &table);
 *	wandb_table_close(&table, &err);
 */
#ifndef TRACKER_WANDB_EXPERIMENTS_H
#define TRACKER_WANDB_EXPERIMENTS_H

#include "tracker/wandb/children.h"
#include "tracker/wandb/table.h"

/* Its name, as of any table. */
extern const struct entry_table wandb_experiments;

/* Writes columns and rows into the open table. */
void wandb_experiments_write(
    const struct wandb_children *c, struct wandb_table *table);

#endif
