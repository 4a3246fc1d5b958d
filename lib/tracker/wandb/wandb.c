/*
 * The Weights & Biases tracker: decides between a server and an offline run,
 * and says what a refused key or run needs. At the first opening it is
 * decided whether the run is online (tracker/wandb/online.h) or a folder for
 * `wandb sync` (tracker/wandb/offline.h); a restart goes on the same way.
 * Either way all entries come again from the start after a restart: what W&B
 * has is known there, by line numbers, or by the bytes of the file.
 */
#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/die.h"
#include "base/durable.h"
#include "base/path.h"
#include "base/uri.h"
#include "format/text.h"
#include "tracker/tracker.h"
#include "tracker/wandb/children.h"
#include "tracker/wandb/examine.h"
#include "tracker/wandb/experiments.h"
#include "tracker/wandb/offline.h"
#include "tracker/wandb/online.h"
#include "tracker/wandb/run.h"
#include "tracker/wandb/settings.h"

/* Under this name the cursor keeps the decision. */
#define REMEMBERED "mode"
/* A command line with a long path in it. */
/* How often an empty batch comes: the pace of requests is kept by it. */
#define IDLE_MS 5000

struct wandb {
	enum wandb_mode mode;
	bool decided; /* by a process before this one */
	const struct run_info *info;
	struct wandb_settings settings;
	struct wandb_run run;
	struct wandb_offline offline;
	struct wandb_online online;
	struct wandb_children children;
	struct wandb_pieces pieces; /* of the records */
};

static int
wandb_configure(struct tracker *t, struct err *err)
{
	(void)err;
	t->own_runs = true;
	return 0;
}

static void
on_row(const struct wandb_rows *rows, void *data)
{
	struct wandb *w = data;

	(void)rows;
	if (w->mode == WANDB_ONLINE)
		wandb_stream_row(&w->online.main.stream);
	else
		wandb_offline_row(&w->offline);
}

static void
on_child_row(const struct wandb_rows *rows, void *data)
{
	struct wandb_child *child = data;

	(void)rows;
	if (child->live.client != NULL)
		wandb_stream_row(&child->live.stream);
	else
		wandb_offline_row(&child->offline);
}

/* Says what the user types to upload the folder. */
static void
note_offline(struct tracker *t, const char *why)
{
	const struct wandb *w = t->state;
	char *folder = text_shell_word(w->offline.path);

	tracker_note(t,
	    "%s: offline; after the run's end upload it with: wandb sync %s",
	    why, folder);
	free(folder);
}

static enum outcome
open_offline(struct tracker *t, const char *why, struct err *err)
{
	struct wandb *w = t->state;
	enum outcome outcome;

	w->mode = WANDB_OFFLINE;
	t->records_late = false;
	outcome = wandb_offline_open(
	    &w->offline, t, w->info, w->settings.root, &w->run, err);
	if (outcome != OUTCOME_DONE)
		return outcome;
	tracker_stays_here(t);
	if (w->run.id_given && tracker_option(t, "wandb-resume") != NULL)
		tracker_note(t,
		    "offline: whether the run %s is there shows when it is "
		    "uploaded",
		    w->run.id);
	tracker_remember(t, REMEMBERED, "offline");
	wandb_run_remember(&w->run, t);
	note_offline(t, why);
	return OUTCOME_DONE;
}

/* An answer with "errors" but no word about the key or the entity (it is a 200)
 * means that this is not the right server. */
static const char *
what_to_check(const struct wandb_reply *reply)
{
	return reply->status == 200 || reply->status == 401 ||
		reply->status == 403
	    ? "WANDB_API_KEY and --wandb-entity"
	    : "--wandb-base-url";
}

/* A refused run that was never there is written for `wandb sync` instead, so
 * that nothing is lost. One that is there already waits for the right key. */
static void
on_opened(void *data, const struct wandb_reply *reply)
{
	struct tracker *t = data;
	struct wandb *w = t->state;
	struct err err = reply->err;
	enum outcome outcome = reply->outcome;
	char *why;

	if (outcome == OUTCOME_DONE) {
		tracker_remember(t, REMEMBERED, "online");
		wandb_run_remember(&w->run, t);
		wandb_online_show(&w->online, &w->settings);
	} else if (w->online.resume_refused) {
		w->online.resume_refused = false;
	} else if (outcome != OUTCOME_RETRY && w->decided) {
		outcome = OUTCOME_BLOCKED;
		err_prefix(&err, "check %s", what_to_check(reply));
	} else if (outcome != OUTCOME_RETRY) {
		why = xasprintf(
		    "%s (check %s)", reply->err.message, what_to_check(reply));
		outcome = open_offline(t, why, &err);
		free(why);
	}
	tracker_done(t, CALL_OPEN, outcome, reply->retry_after_ms, &err);
}

static enum outcome
open_online(struct tracker *t, struct err *err)
{
	struct wandb *w = t->state;

	if (w->settings.key == NULL && !w->decided)
		return open_offline(t, w->settings.why_no_key, err);
	if (w->settings.key == NULL) {
		err_set(err, -ENOKEY, "%s", w->settings.why_no_key);
		return OUTCOME_BLOCKED;
	}
	if (w->settings.refused != NULL) {
		err_set(err, -EPERM, "%s", w->settings.refused);
		return OUTCOME_BLOCKED;
	}
	if (w->settings.note != NULL)
		tracker_note(t, "%s", w->settings.note);
	if (uri_is_in_clear(w->settings.base_url))
		tracker_note(t, "the key goes to %s in clear text (plain http)",
		    w->settings.base_url);
	if (w->settings.insecure)
		tracker_note(t,
		    "the server's certificate is not verified "
		    "(WANDB_INSECURE_DISABLE_SSL)");
	t->records_late = true;
	w->online.opened = on_opened;
	w->online.on_row = on_child_row;
	w->online.data = t;
	w->online.children = &w->children;
	w->online.pieces = &w->pieces;
	return wandb_online_open(
	    &w->online, t, w->info, &w->settings, &w->run, err);
}

static enum outcome
wandb_open(struct tracker *t, const struct run_info *info, struct err *err)
{
	struct wandb *w = t->state;
	const char *mode = tracker_recall(t, REMEMBERED);
	const struct plan plan = tracker_plan(t, info->start);
	const struct wandb_wishes wishes = wandb_wishes_of(&plan);

	w->info = info;
	wandb_children_release(&w->children);
	wandb_pieces_release(&w->pieces);
	wandb_pieces_init(&w->pieces);
	wandb_run_release(&w->run);
	wandb_settings_release(&w->settings);
	wandb_settings_load(&w->settings, &wishes);
	if (w->settings.unread.code < 0) {
		*err = w->settings.unread;
		return OUTCOME_BLOCKED;
	}
	if (w->settings.denied != NULL)
		tracker_note(t, "%s", w->settings.denied);
	wandb_run_init(&w->run, t, info, &w->settings, on_row, w);
	if (w->run.project_changed)
		tracker_note(t,
		    "W&B does not take the project's name: it is %s",
		    w->run.project);
	if (w->run.tag_cut)
		tracker_note(
		    t, "W&B's tags have 64 characters at the most: cut");
	if (w->run.id_unfit)
		tracker_note(t,
		    "the run ID that was given (--wandb-run-id, WANDB_RUN_ID) "
		    "has characters that W&B does not take: the run is %s",
		    w->run.id);
	w->mode = w->settings.mode;
	w->decided = mode != NULL;
	if (w->decided)
		w->mode =
		    strcmp(mode, "online") == 0 ? WANDB_ONLINE : WANDB_OFFLINE;
	switch (w->mode) {
	case WANDB_ONLINE:
		return open_online(t, err);
	case WANDB_OFFLINE:
		return open_offline(t,
		    w->settings.mode_given || w->settings.key != NULL
			? "as asked for"
			: w->settings.why_no_key,
		    err);
	default:
		tracker_note(t, "disabled (WANDB_MODE)");
		return OUTCOME_DONE;
	}
}

/* What the user types to upload the folder and those of the experiments. */
static void
note_children(struct tracker *t)
{
	const struct wandb *w = t->state;
	char *folder = text_shell_word(w->offline.path);

	tracker_note(t,
	    "with the runs of its experiments, in folders of their own: wandb "
	    "sync %s*",
	    folder);
	free(folder);
}

/* The folder beside the run's own, whatever the environment says by now. */
static enum outcome
open_child(struct tracker *t, struct wandb_child *child, struct err *err)
{
	struct wandb *w = t->state;
	char *root = path_parent(w->offline.path);
	enum outcome outcome = wandb_offline_open(
	    &child->offline, t, w->info, root, &child->run, err);

	free(root);
	note_children(t);
	return outcome;
}

static enum outcome
take_offline(struct tracker *t, const struct entry *e, struct err *err)
{
	struct wandb *w = t->state;
	bool new;
	struct wandb_child *child =
	    wandb_children_of(&w->children, &w->run, e, on_child_row, &new);

	if (new &&open_child(t, child, err) != OUTCOME_DONE)
		return OUTCOME_BLOCKED;
	wandb_children_turn(&w->children, child);
	wandb_offline_take(child != NULL ? &child->offline : &w->offline, e);
	return OUTCOME_DONE;
}

static enum outcome
take_records(struct tracker *t, const struct batch *batch, struct err *err)
{
	struct wandb *w = t->state;
	enum outcome outcome = OUTCOME_DONE;

	if (batch->count > 0)
		outcome = wandb_pieces_add(
		    &w->pieces, w->info->start, &batch->entries[0], err);
	if (outcome == OUTCOME_DONE && batch->last)
		wandb_pieces_say(&w->pieces, t);
	return outcome == OUTCOME_DONE ? wandb_copies_pieces(&w->offline.copies,
					     &w->pieces, batch->last, err)
				       : outcome;
}

static enum outcome
send_offline(struct tracker *t, struct batch *batch, struct err *err)
{
	struct wandb *w = t->state;
	enum outcome outcome = OUTCOME_DONE;
	size_t i;

	if (batch->lane == LANE_FILES)
		return wandb_offline_files(&w->offline, batch);
	if (batch->lane == LANE_RECORDS)
		return take_records(t, batch, err);
	for (i = 0; i < batch->count && outcome == OUTCOME_DONE; i++)
		outcome = take_offline(t, &batch->entries[i], err);
	if (outcome == OUTCOME_DONE)
		outcome = wandb_offline_flush(&w->offline, err);
	for (i = 0; i < w->children.len && outcome == OUTCOME_DONE; i++)
		outcome =
		    wandb_offline_flush(&w->children.list[i]->offline, err);
	return outcome;
}

/* The runs of the experiments end before the run itself, which then has their
 * table. */
static enum outcome
finish_offline(struct wandb *w, const struct run_end *end, struct err *err)
{
	struct wandb_copies *files = &w->offline.copies;
	enum outcome outcome = OUTCOME_DONE;
	size_t i;

	wandb_children_turn(&w->children, NULL);
	for (i = 0; i < w->children.len && outcome == OUTCOME_DONE; i++)
		outcome = wandb_offline_finish(
		    &w->children.list[i]->offline, end, err);
	if (outcome == OUTCOME_DONE && w->children.len > 0) {
		if (wandb_copies_open_table(files, &wandb_experiments, err) < 0)
			return OUTCOME_BLOCKED;
		wandb_experiments_write(&w->children, &files->table);
		if (wandb_copies_place_table(files, err) < 0)
			return OUTCOME_BLOCKED;
	}
	return outcome == OUTCOME_DONE
	    ? wandb_offline_finish(&w->offline, end, err)
	    : outcome;
}

static enum outcome
wandb_send(struct tracker *t, struct batch *batch, struct err *err)
{
	struct wandb *w = t->state;

	switch (w->mode) {
	case WANDB_ONLINE:
		return wandb_online_send(&w->online, batch, err);
	case WANDB_OFFLINE:
		return send_offline(t, batch, err);
	default:
		return OUTCOME_DONE;
	}
}

static void
note_rows(struct tracker *t, const struct wandb_rows *rows)
{
	if (rows->renamed)
		tracker_altered(t,
		    "_step, _timestamp, _runtime and _wandb are W&B's own: "
		    "values of these names have a _ behind; those that are no "
		    "valid Unicode have a digest");
	if (rows->shift > 0)
		tracker_altered(t,
		    "the run went on behind step %lld: steps count from there",
		    (long long)rows->last_before);
	if (rows->left_out > 0)
		tracker_altered(t,
		    "steps went back: %llu calls are left out, because W&B "
		    "takes no step below the last one",
		    (unsigned long long)rows->left_out);
	if (rows->stepped_back)
		tracker_note(t,
		    "steps went back; their rows have the "
		    "next free steps");
}

static enum outcome
wandb_finish(struct tracker *t, const struct run_end *end, struct err *err)
{
	struct wandb *w = t->state;

	note_rows(t, &w->run.rows);
	for (size_t i = 0; i < w->children.len; i++)
		note_rows(t, &w->children.list[i]->run.rows);
	switch (w->mode) {
	case WANDB_ONLINE:
		return wandb_online_finish(&w->online, end, err);
	case WANDB_OFFLINE:
		return finish_offline(w, end, err);
	default:
		return OUTCOME_DONE;
	}
}

static int
wandb_sync(struct tracker *t, struct err *err)
{
	const struct wandb *w = t->state;

	return w->offline.path != NULL ? durable_folder(w->offline.path, err)
				       : 0;
}

static void
wandb_close(struct tracker *t)
{
	struct wandb *w = t->state;

	wandb_children_release(&w->children);
	wandb_pieces_release(&w->pieces);
	wandb_online_close(&w->online);
	wandb_offline_close(&w->offline);
	wandb_run_release(&w->run);
	wandb_settings_release(&w->settings);
}

const struct tracker_ops tracker_wandb = {
    .about = &tracker_about_wandb,
    .state_size = sizeof(struct wandb),
    .idle_ms = IDLE_MS,
    .from_start = true,
    .remote = true,
    .files_before_finish = true,
    .configure = wandb_configure,
    .open = wandb_open,
    .send = wandb_send,
    .finish = wandb_finish,
    .destination = wandb_destination,
    .examine = wandb_examine,
    .foretell = wandb_foretell,
    .sync = wandb_sync,
    .close = wandb_close,
};
