/*
 * One run at a W&B server: whether the server has it, its rows on their way
 * there, and what is to be changed there. The run of an attempt is one, and the
 * run of each experiment that has one to itself.
 *
 *	wandb_server_run_init(&l, client, run);
 *	wandb_server_run_upsert(&l, start, done, data);      creates or finds it
 *	wandb_server_run_found(&l, reply, &err);             in done
 *	... l.stream ...
 *	wandb_server_run_release(&l);
 */
#ifndef TRACKER_WANDB_SERVER_RUN_H
#define TRACKER_WANDB_SERVER_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "tracker/wandb/client.h"
#include "tracker/wandb/run.h"
#include "tracker/wandb/stream.h"

struct wandb_server_run {
	struct wandb_client *client; /* borrowed; NULL: not in use */
	struct wandb_run *run;       /* borrowed */
	struct wandb_call call;      /* of the run itself */
	int64_t updated_ms;          /* when it was last updated, monotonic */
	bool open;                   /* the server has it */
	struct wandb_stream stream;
};

/* The rows of the run may come from now on. The project and the entity must be
 * known, unless the run is found before the first row. */
void wandb_server_run_init(struct wandb_server_run *l,
    struct wandb_client *client, struct wandb_run *run);
void wandb_server_run_release(struct wandb_server_run *l);

/* start NULL: sends only what may have changed. */
void wandb_server_run_upsert(struct wandb_server_run *l,
    const struct entry_start *start, wandb_done *done, void *data);
/* Takes over from a good answer where the run is and how many rows it has.
 * -EPROTO: the answer does not say it. */
int wandb_server_run_found(struct wandb_server_run *l,
    const struct wandb_reply *reply, struct err *err);

/* Is something to be changed at the server? */
bool wandb_server_run_has_update(const struct wandb_server_run *l);
/* Is the update done with? A refusal (the config may be too large) costs the
 * update, not the run: it is noted, and becomes DONE in `reply`. */
bool wandb_server_run_updated(
    struct wandb_server_run *l, struct wandb_reply *reply);

#endif
