/*
 * The Weights & Biases tracker. At the first opening it is decided whether the
 * run is online (tracker/wandb_online.h) or a folder for `wandb sync`
 * (tracker/wandb_offline.h); a restart goes on the same way. Either way all
 * entries come again from the start after a restart: what W&B has is known
 * there, by line numbers, or by the bytes of the file.
 */
#include <string.h>

#include "base/buf.h"
#include "tracker/tracker.h"
#include "tracker/wandb_offline.h"
#include "tracker/wandb_run.h"
#include "tracker/wandb_settings.h"

/* Under this name the cursor keeps the decision. */
#define REMEMBERED "mode"
/* A command line with a long path in it. */
#define COMMAND_MAX 8192

struct wandb {
	enum wandb_mode mode;
	struct wandb_settings settings;
	struct wandb_run run;
	struct wandb_offline offline;
};

static int
wandb_configure(struct tracker *t, struct err *err)
{
	(void)t;
	(void)err;
	return 0;
}

static void
on_row(const struct wandb_rows *rows, void *data)
{
	struct wandb *w = data;

	(void)rows;
	wandb_offline_row(&w->offline);
}

/* What the user types to upload the folder; quoted for a shell. */
static void
note_offline(struct tracker *t, const char *why)
{
	const struct wandb *w = t->state;
	struct buf command;
	const char *at;

	buf_init(&command, COMMAND_MAX);
	buf_adds(&command, "wandb sync '");
	for (at = w->offline.path; *at != '\0'; at++)
		if (*at == '\'')
			buf_adds(&command, "'\\''");
		else
			buf_addc(&command, *at);
	buf_adds(&command, "'");
	tracker_note(t, "%s: offline; after the run's end upload it with: %s",
	    why, command.data);
	buf_release(&command);
}

static enum outcome
open_offline(struct tracker *t, const struct run_info *info, const char *why,
    struct err *err)
{
	struct wandb *w = t->state;
	enum outcome outcome;

	outcome = wandb_offline_open(
	    &w->offline, t, info, &w->settings, &w->run, err);
	if (outcome != OUTCOME_DONE)
		return outcome;
	w->mode = WANDB_OFFLINE;
	tracker_remember(t, REMEMBERED, "offline");
	wandb_run_remember(&w->run, t);
	note_offline(t, why);
	return OUTCOME_DONE;
}

static enum outcome
wandb_open(struct tracker *t, const struct run_info *info, struct err *err)
{
	struct wandb *w = t->state;
	const char *decided = tracker_recall(t, REMEMBERED);

	wandb_run_release(&w->run);
	wandb_settings_release(&w->settings);
	wandb_settings_load(&w->settings, t, info);
	wandb_run_init(&w->run, t, info, &w->settings, on_row, w);
	w->mode = w->settings.mode;
	if (decided != NULL)
		w->mode = strcmp(decided, "online") == 0 ? WANDB_ONLINE
							 : WANDB_OFFLINE;
	if (w->mode == WANDB_DISABLED) {
		tracker_note(t, "W&B is disabled (WANDB_MODE)");
		return OUTCOME_DONE;
	}
	return open_offline(t, info,
	    w->settings.mode_given || w->settings.why_no_key == NULL
		? "W&B as asked for"
		: w->settings.why_no_key,
	    err);
}

static enum outcome
wandb_send(struct tracker *t, struct batch *batch, struct err *err)
{
	struct wandb *w = t->state;

	if (w->mode == WANDB_DISABLED)
		return OUTCOME_DONE;
	return wandb_offline_send(&w->offline, batch, err);
}

static enum outcome
wandb_finish(struct tracker *t, const struct run_end *end, struct err *err)
{
	struct wandb *w = t->state;

	if (w->mode == WANDB_DISABLED)
		return OUTCOME_DONE;
	if (w->run.rows.stepped_back)
		tracker_note(t,
		    "W&B: steps went back; their rows have the "
		    "next free steps");
	return wandb_offline_finish(&w->offline, end, err);
}

static void
wandb_close(struct tracker *t)
{
	struct wandb *w = t->state;

	wandb_offline_close(&w->offline);
	wandb_run_release(&w->run);
	wandb_settings_release(&w->settings);
}

const struct tracker_ops tracker_wandb = {
    .name = "wandb",
    .state_size = sizeof(struct wandb),
    .from_start = true,
    .files_before_finish = true,
    .configure = wandb_configure,
    .open = wandb_open,
    .send = wandb_send,
    .finish = wandb_finish,
    .close = wandb_close,
};
