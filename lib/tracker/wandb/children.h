/*
 * The runs of a W&B attempt beside the run itself: one for each experiment that
 * has a run to itself, in the run's group, from its first value on.
 *
 *	child = wandb_children_of(&c, run, &entry, &new);  NULL: the run itself
 *	wandb_children_turn(&c, child);                    before it is taken
 *	wandb_children_release(&c);
 *
 * The same entries make the same children with the same IDs in the same order,
 * in each process.
 */
#ifndef TRACKER_WANDB_CHILDREN_H
#define TRACKER_WANDB_CHILDREN_H

#include <stdbool.h>
#include <stddef.h>

#include "tracker/wandb/server_run.h"
#include "tracker/wandb/offline.h"
#include "tracker/wandb/run.h"

struct wandb_child {
	struct wandb_run run;
	/* One of the two is in use. */
	struct wandb_offline offline;
	struct wandb_server_run live;
};

/* A zeroed struct has none. */
struct wandb_children {
	struct wandb_child **list;
	size_t len;
	struct wandb_child *turn; /* the last entry's; NULL: none */
};

/* The child that the entry belongs to; NULL: none. *new: it was made now; its
 * rows are passed to on_row. */
struct wandb_child *wandb_children_of(struct wandb_children *c,
    const struct wandb_run *run, const struct entry *e,
    void (*on_row)(const struct wandb_rows *rows, void *data), bool *new);

/* An entry of this child, or of the run (NULL), is about to be taken. The row of
 * another child is complete then: an experiment that has ended must not keep its
 * last row open till the run's end. */
void wandb_children_turn(struct wandb_children *c, struct wandb_child *child);

void wandb_children_release(struct wandb_children *c);

#endif
