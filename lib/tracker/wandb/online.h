/*
 * A W&B run on a server: creates the run or finds it by its ID, decides at
 * which pace its rows go up (about every 15 seconds, a full load earlier),
 * then sends its files, its artifact and its end. Entries come from the
 * journal's start each time; the server's line count says which rows it has.
 */
#ifndef TRACKER_WANDB_ONLINE_H
#define TRACKER_WANDB_ONLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tracker/tracker.h"
#include "tracker/wandb/artifact.h"
#include "tracker/wandb/client.h"
#include "tracker/wandb/run.h"
#include "tracker/wandb/settings.h"
#include "tracker/wandb/stream.h"
#include "tracker/wandb/upload.h"

struct wandb_online {
	struct tracker *t;               /* NULL: not open */
	struct wandb_run *run;           /* borrowed */
	const struct entry_start *start; /* borrowed */
	struct wandb_client client;
	struct wandb_call call; /* of the run itself */
	int64_t updated_ms;     /* when it was last updated, monotonic */
	/* REJECTED or BLOCKED: the server refuses the run; err says why. The
	 * user of this struct sets it. */
	void (*opened)(void *data, const struct wandb_reply *reply);
	/* The user's word forbids to go on with the run, or to begin it. */
	bool resume_refused;
	void *data;
	struct wandb_stream stream;
	struct wandb_upload upload;
	struct wandb_artifact artifact;
	/* The metrics batch: how many entries at its front are in rows already,
	 * and how many of these come before the open row. */
	struct batch *batch; /* NULL: none under way */
	size_t taken, whole;
	size_t confirms; /* entries that the request's answer settles */
	struct wandb_end end;
};

/* PENDING: opened() follows; or BLOCKED. */
enum outcome wandb_online_open(struct wandb_online *o, struct tracker *t,
    const struct run_info *info, const struct wandb_settings *settings,
    struct wandb_run *run, struct err *err);
void wandb_online_row(struct wandb_online *o);
/* Called once the run is open: tells the report where the user sees the run. */
void wandb_online_show(
    struct wandb_online *o, const struct wandb_settings *settings);

enum outcome wandb_online_send(
    struct wandb_online *o, struct batch *batch, struct err *err);
enum outcome wandb_online_finish(
    struct wandb_online *o, const struct run_end *end, struct err *err);
void wandb_online_close(struct wandb_online *o);

#endif
