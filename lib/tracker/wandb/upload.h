/*
 * Sends the files of a run to W&B: each is read for its digest and then sent as
 * a run file, one after the other. At the end the run's artifacts are made of the
 * same files (tracker/wandb/artifact.h).
 *
 *	wandb_upload_init(&u, client, run, stream);
 *	wandb_upload_send(&u, batch, done, data);      files lane
 *	wandb_upload_release(&u);
 */
#ifndef TRACKER_WANDB_UPLOAD_H
#define TRACKER_WANDB_UPLOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "tracker/tracker.h"
#include "tracker/wandb/bundle.h"
#include "tracker/wandb/client.h"
#include "tracker/wandb/hash.h"
#include "tracker/wandb/run.h"
#include "tracker/wandb/stream.h"
#include "tracker/wandb/table.h"

struct wandb_upload {
	struct wandb_client *client; /* borrowed, as the next two */
	struct wandb_run *run;
	struct wandb_stream *stream;
	struct wandb_bundles bundles; /* the artifacts */
	bool no_run_files;            /* this server has no run files */
	char *host; /* where the entries were made; NULL: not known */
	/* The batch on its way. */
	struct batch *batch; /* NULL: none */
	size_t at;
	/* Without a batch: hears what became of the one table. */
	void (*done)(void *data, const struct wandb_reply *reply);
	void *data;
	int status;    /* of the answer to the last file */
	bool at_fault; /* the file may be what makes the server fail */
	char *name;
	int fd; /* -1: none */
	struct wandb_hash hash;
	struct wandb_table table;
	bool is_table; /* the file on its way is one */
	struct wandb_call call;
	struct loop_timer timer;
};

void wandb_upload_init(struct wandb_upload *u, struct wandb_client *client,
    struct wandb_run *run, struct wandb_stream *stream, const char *host);
void wandb_upload_release(struct wandb_upload *u);

/* Takes up a batch of the files lane; tracker_done follows. */
void wandb_upload_send(struct wandb_upload *u, struct batch *batch);

/* Begins a table that the caller makes: to be written to u->table (table.h), and
 * then sent. done() follows the sending, from the loop. */
int wandb_upload_open_table(
    struct wandb_upload *u, const struct entry_table *entry, struct err *err);
int wandb_upload_send_table(struct wandb_upload *u,
    void (*done)(void *data, const struct wandb_reply *reply), void *data,
    struct err *err);

#endif
