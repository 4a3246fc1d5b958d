/*
 * A W&B run on a server, with the runs of its experiments: creates them or finds
 * them by their IDs, sends their rows (pace.h: when), then files, artifact and end.
 * Entries come from the journal's start each time; the server's line count says which
 * rows of a run it has.
 */
#ifndef TRACKER_WANDB_ONLINE_H
#define TRACKER_WANDB_ONLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tracker/tracker.h"
#include "tracker/wandb/artifact.h"
#include "tracker/wandb/children.h"
#include "tracker/wandb/client.h"
#include "tracker/wandb/server_run.h"
#include "tracker/wandb/pieces.h"
#include "tracker/wandb/run.h"
#include "tracker/wandb/settings.h"
#include "tracker/wandb/stream.h"
#include "tracker/wandb/upload.h"

/* Under this name the cursor keeps that the server knows the run's end. */
#define WANDB_ENDED "ended"

struct wandb_online {
	struct tracker *t;               /* NULL: not open */
	const struct entry_start *start; /* borrowed */
	struct wandb_client client;
	struct wandb_server_run main;
	struct wandb_children *children; /* borrowed */
	/* REJECTED or BLOCKED: the server refuses the run; err says why. The
	 * user of this struct sets it. */
	void (*opened)(void *data, const struct wandb_reply *reply);
	/* Gets the rows of a child, whose struct `data` is; as well. */
	void (*on_row)(const struct wandb_rows *rows, void *data);
	/* The user's word forbids to go on with the run, or to begin it. */
	bool resume_refused;
	void *data;
	struct wandb_upload upload;
	/* The records have a way of their own: files never wait for it. */
	struct wandb_upload tables;
	struct wandb_pieces *pieces; /* borrowed */
	/* The summary of a run that has ended lacks a piece that was sent. */
	bool untold_pieces;
	struct wandb_call summary;
	struct batch *records; /* the batch of them that is under way */
	struct wandb_artifact artifact;
	size_t artifacts_made; /* or refused, for good */
	bool has_table;  /* that of the experiments was sent, or refused */
	int64_t last_ms; /* of the last requests of all, monotonic; 0: none */
	/* The metrics batch: how many entries at its front are in rows already,
	 * and where the rows begin that are open (SIZE_MAX: none is). */
	struct batch *batch; /* NULL: none under way */
	size_t taken, main_from, child_from;
	size_t confirms; /* entries that the requests' answers settle */
	size_t at;       /* whose turn it is: 0 the run, i its child i - 1 */
	bool due;        /* all rows go up, not just new runs */
	bool beat;       /* with a sign of life of those without news */
	struct wandb_end end;
};

/* PENDING: opened() follows; or BLOCKED. */
enum outcome wandb_online_open(struct wandb_online *o, struct tracker *t,
    const struct run_info *info, const struct wandb_settings *settings,
    struct wandb_run *run, struct err *err);
/* Called once the run is open: tells the report where the user sees the run. */
void wandb_online_show(
    struct wandb_online *o, const struct wandb_settings *settings);

enum outcome wandb_online_send(
    struct wandb_online *o, struct batch *batch, struct err *err);
/* Takes a batch of the records lane. online_records.c */
enum outcome wandb_online_records(
    struct wandb_online *o, struct batch *batch, struct err *err);
enum outcome wandb_online_finish(
    struct wandb_online *o, const struct run_end *end, struct err *err);
void wandb_online_close(struct wandb_online *o);

/* For online.c, online_end.c and pace.c: the run (0), or that of its child at - 1; NULL
 * behind the last. */
struct wandb_server_run *wandb_online_live(struct wandb_online *o, size_t at);
/* Was the answer that the request was too large, and will it be smaller? */
bool wandb_online_shrink(
    struct wandb_server_run *l, const struct wandb_reply *reply);
/* Notes what the server has said of a run. */
void wandb_online_note(
    struct wandb_online *o, const struct wandb_server_run *l);

#endif
