/*
 * One run at a W&B server: whether the server has it, its rows on their way
 * there, and what is to be changed there. The run of an attempt is one, and the
 * run of each experiment that has one to itself.
 *
 *	wandb_live_init(&l, client, run);
 *	wandb_live_upsert(&l, start, done, data);      creates or finds it
 *	wandb_live_found(&l, reply, &err);             in done
 *	... l.stream ...
 *	wandb_live_release(&l);
 */
#ifndef TRACKER_WANDB_LIVE_H
#define TRACKER_WANDB_LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "tracker/wandb/client.h"
#include "tracker/wandb/run.h"
#include "tracker/wandb/stream.h"

struct wandb_live {
	struct wandb_client *client; /* borrowed; NULL: not in use */
	struct wandb_run *run;       /* borrowed */
	struct wandb_call call;      /* of the run itself */
	int64_t updated_ms;          /* when it was last updated, monotonic */
	bool open;                   /* the server has it */
	struct wandb_stream stream;
};

/* The rows of the run may come from now on. The project and the entity must be
 * known, unless the run is found before the first row. */
void wandb_live_init(
    struct wandb_live *l, struct wandb_client *client, struct wandb_run *run);
void wandb_live_release(struct wandb_live *l);

/* start NULL: sends only what may have changed. */
void wandb_live_upsert(struct wandb_live *l, const struct entry_start *start,
    wandb_done *done, void *data);
/* Takes over from a good answer where the run is and how many rows it has.
 * -EPROTO: the answer does not say it. */
int wandb_live_found(
    struct wandb_live *l, const struct wandb_reply *reply, struct err *err);

/* Is something to be changed at the server? */
bool wandb_live_has_update(const struct wandb_live *l);
/* Is the update done with? A refusal (the config may be too large) costs the
 * update, not the run: it is noted, and becomes DONE in `reply`. */
bool wandb_live_updated(struct wandb_live *l, struct wandb_reply *reply);

#endif
