#include "tracker/wandb/offline.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/file.h"
#include "base/folder.h"
#include "base/path.h"
#include "base/tempfile.h"
#include "format/text.h"
#include "tracker/common/place.h"
#include "tracker/common/same_folder.h"
#include "tracker/wandb/record.h"
#include "tracker/wandb/system.h"

/* Under this name the cursor keeps the folder's path. */
#define REMEMBERED "folder"
/* And what tells it from another one of that name. */
#define REMEMBERED_MARK "folder-mark"
/* A batch of entries becomes many times as long where names of experiments are
 * long: what is collected goes to the file beyond this. */
#define FLUSH_BYTES (1024 * 1024)
#define LATEST      "latest-run"
/* So many samples wait for the run record: more than half an hour of them. */
#define EARLY_MAX 256

/* The run's own name of something that the cursor keeps. Allocated. */
static char *
memory_name(const struct wandb_run *run, const char *what)
{
	if (run->experiment == ENTRY_NO_EXPERIMENT)
		return xstrdup(what);
	return xasprintf("%s.%jd", what, (intmax_t)run->experiment);
}

/* "offline-run-20261123_130842-<id>", local time, as wandb names it. */
static char *
folder_name(const struct wandb_run *run)
{
	char iso[CLOCK_ISO_LOCAL_SIZE], digits[CLOCK_ISO_LOCAL_SIZE];
	size_t i, n = 0;

	clock_iso_local(iso, run->started_us);
	for (i = 0; iso[i] != '\0' && iso[i] != '.'; i++) {
		if (iso[i] == 'T')
			digits[n++] = '_';
		else if (isdigit((unsigned char)iso[i]))
			digits[n++] = iso[i];
	}
	digits[n] = '\0';
	return xasprintf("offline-run-%s-%s", digits, run->id);
}

/* What the folder is called, and the root that it lies in. */
static char *
choose_folder(const struct wandb_offline *o, const char *root)
{
	char *memory = memory_name(o->run, REMEMBERED);
	const char *recalled = tracker_recall(o->t, memory);
	char *name, *path;

	free(memory);
	if (recalled != NULL)
		return text_path_bytes(recalled);
	name = folder_name(o->run);
	path = path_join(root, name);
	free(name);
	return path;
}

/* Makes the folder, or finds it again: its name has the attempt in it, so one
 * that is there is ours, unless it is another one than we have made (`mark`). */
static int
open_folder(struct wandb_offline *o, int root, bool latest, const char *mark,
    struct err *err)
{
	const char *name = path_base(o->path);
	int files;

	o->dir = folder_open(root, name, false, NULL);
	if (o->dir == -ENOENT) {
		same_folder_forget(o->t, mark);
		o->dir = folder_open(root, name, true, err);
		/* A run does not stop if this fails. */
		if (latest)
			tempfile_link(root, LATEST, o->word, name, NULL);
	} else if (o->dir < 0) {
		o->dir = folder_open(root, name, false, err);
	}
	if (o->dir < 0)
		return err_prefix(err, "%s", o->path);
	if (same_folder_check(o->t, mark, o->dir, o->path, err) < 0)
		return err->code;
	files = folder_open(o->dir, "files", true, err);
	if (files < 0)
		return err_prefix(err, "%s", o->path);
	close(files);
	return 0;
}

/* The root may be a link; below it none is followed. The cursor keeps the path
 * as `memory`, and as `mark` what tells the folder from others. */
static int
take_known_folder(struct wandb_offline *o, const char *root_path,
    const char *memory, const char *mark, struct err *err)
{
	bool main = o->run->experiment == ENTRY_NO_EXPERIMENT;
	char *parent, *text;
	int root, result;

	o->word = place_word(o->start->attempt);
	o->path = choose_folder(o, root_path);
	if (o->path == NULL)
		return err_set(err, -EBADMSG, "the cursor's folder is no path");
	parent = path_parent(o->path);
	result = file_make_dirs(parent, 0777, err);
	root =
	    result == 0 ? open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (result == 0 && root < 0)
		result = err_errno(err, "cannot open %s", parent);
	if (root >= 0) {
		result = open_folder(o, root,
		    main && tracker_recall(o->t, memory) == NULL, mark, err);
		close(root);
	}
	free(parent);
	if (result < 0)
		return result;
	text = text_path_text(o->path);
	tracker_remember(o->t, memory, text);
	if (main)
		tracker_set_place(o->t, text);
	free(text);
	return 0;
}

static int
take_folder(struct wandb_offline *o, const char *root, struct err *err)
{
	char *memory = memory_name(o->run, REMEMBERED);
	char *mark = memory_name(o->run, REMEMBERED_MARK);
	int result = take_known_folder(o, root, memory, mark, err);

	free(memory);
	free(mark);
	return result;
}

static int
flush(struct wandb_offline *o, struct err *err)
{
	int result = wandb_log_flush(&o->log, err);

	if (o->lost)
		tracker_note(
		    o->t, "a record was too long for W&B's file: left out");
	return result < 0 ? err_prefix(err, "%s", o->path) : 0;
}

enum outcome
wandb_offline_open(struct wandb_offline *o, struct tracker *t,
    const struct run_info *info, const char *root, struct wandb_run *run,
    struct err *err)
{
	char *name;
	int result;

	*o = (struct wandb_offline){
	    .t = t, .run = run, .start = info->start, .dir = -1, .log.fd = -1};
	if (take_folder(o, root, err) < 0)
		return OUTCOME_BLOCKED;
	wandb_offline_files_init(&o->copies, t, run,
	    &(struct wandb_offline_files_folder){o->dir, o->path, o->word,
		info->start->host, info->start->target_len == 1});
	name = xasprintf("run-%s.wandb", run->id);
	result = wandb_log_open(&o->log, o->dir, name, err);
	free(name);
	if (result < 0) {
		err_prefix(err, "%s", o->path);
		return OUTCOME_BLOCKED;
	}
	wandb_record_header(&o->log.record, o->log.number);
	wandb_log_add(&o->log);
	return flush(o, err) < 0 ? OUTCOME_BLOCKED : OUTCOME_DONE;
}

/* If this write fails, the flush at the end of the send tries again, and its
 * error counts. */
static void
add_record(struct wandb_offline *o)
{
	struct err err = ERR_INIT;

	if (wandb_log_add(&o->log) < 0)
		o->lost = true;
	if (o->log.pending.len >= FLUSH_BYTES)
		wandb_log_flush(&o->log, &err);
}

static void
add_stats(
    struct wandb_offline *o, int64_t time_us, const struct wandb_values *values)
{
	wandb_record_stats(&o->log.record, o->log.number, time_us, values);
	add_record(o);
}

static void
release_early(struct wandb_offline *o)
{
	for (size_t i = 0; i < o->early_len; i++)
		wandb_values_release(&o->early[i].values);
	free(o->early);
	o->early = NULL;
	o->early_len = 0;
}

/* The run record stands before all others and comes once: it waits until the
 * first values need it, so that it has the name and the params. */
static void
begin(struct wandb_offline *o)
{
	if (o->began)
		return;
	o->began = true;
	wandb_record_run(&o->log.record, o->log.number, o->run);
	add_record(o);
	wandb_record_environment(
	    &o->log.record, o->log.number, o->run, o->start);
	add_record(o);
	for (size_t i = 0; i < o->early_len; i++)
		add_stats(o, o->early[i].time_us, &o->early[i].values);
	release_early(o);
}

/* System metrics come at any time, also before the run has a name. */
static void
take_system(struct wandb_offline *o, const struct entry *e)
{
	struct wandb_values values;

	if (!o->began && o->early_len < EARLY_MAX) {
		if (o->early == NULL)
			o->early = xcalloc(EARLY_MAX, sizeof *o->early);
		o->early[o->early_len].time_us = e->time_us;
		wandb_values_init(&o->early[o->early_len].values);
		wandb_system_stats(&o->early[o->early_len++].values, e);
		return;
	}
	begin(o);
	wandb_values_init(&values);
	wandb_system_stats(&values, e);
	add_stats(o, e->time_us, &values);
	wandb_values_release(&values);
}

void
wandb_offline_row(struct wandb_offline *o)
{
	const struct wandb_rows *rows = &o->run->rows;

	begin(o);
	wandb_record_summary(&o->log.record, o->log.number, &rows->row,
	    wandb_run_seconds(o->run, rows->time_us));
	add_record(o);
	wandb_record_history(&o->log.record, o->log.number, &rows->row);
	add_record(o);
}

static void
take_params(struct wandb_offline *o, const struct entry_params *params)
{
	struct wandb_values config;

	wandb_values_init(&config);
	wandb_run_params(o->run, params, &config);
	wandb_record_config(&o->log.record, o->log.number, &config);
	add_record(o);
	wandb_values_release(&config);
}

void
wandb_offline_take(struct wandb_offline *o, const struct entry *e)
{
	if (wandb_is_system(e)) {
		take_system(o, e);
		return;
	}
	if (e->kind == ENTRY_METRICS || e->kind == ENTRY_HISTOGRAM)
		begin(o);
	if (e->kind == ENTRY_PARAMS && o->began)
		take_params(o, &e->params);
	wandb_run_take(o->run, e);
}

enum outcome
wandb_offline_flush(struct wandb_offline *o, struct err *err)
{
	return flush(o, err) < 0 ? OUTCOME_BLOCKED : OUTCOME_DONE;
}

enum outcome
wandb_offline_files(struct wandb_offline *o, struct batch *batch)
{
	wandb_offline_files_send(&o->copies, batch);
	return OUTCOME_PENDING;
}

/* wandb sync does not fill in an artifact's missing entity, and fails on it:
 * then the files are run files alone. */
static void
add_files(struct wandb_offline *o)
{
	const struct wandb_bundles *b = &o->copies.bundles;
	char *path = text_path_text(o->path);
	char *folder = xasprintf("%s/artifacts", path);

	if (o->copies.run_files.len > 0) {
		wandb_record_files(
		    &o->log.record, o->log.number, &o->copies.run_files);
		add_record(o);
	}
	for (size_t i = 0; i < b->len && o->run->entity != NULL; i++) {
		wandb_bundle_say_name(&b->list[i], o->run, o->t);
		wandb_record_artifact(
		    &o->log.record, o->log.number, o->run, &b->list[i], folder);
		add_record(o);
	}
	if (b->len > 0 && o->run->entity == NULL) {
		tracker_note(o->t,
		    "the files are no artifact: that needs "
		    "--wandb-entity or WANDB_ENTITY");
	}
	free(folder);
	free(path);
}

enum outcome
wandb_offline_finish(
    struct wandb_offline *o, const struct run_end *end, struct err *err)
{
	int64_t seconds = wandb_run_seconds(o->run, end->ended_us);
	struct wandb_values last;

	begin(o);
	wandb_rows_close(&o->run->rows);
	add_files(o);
	wandb_values_init(&last);
	wandb_values_merge(&last, &o->run->rows.final);
	wandb_values_merge(&last, &o->run->tables);
	wandb_record_summary(&o->log.record, o->log.number, &last, seconds);
	wandb_values_release(&last);
	add_record(o);
	wandb_record_exit(&o->log.record, o->log.number,
	    wandb_run_exit_code(end->end), seconds);
	add_record(o);
	wandb_record_final(&o->log.record, o->log.number);
	add_record(o);
	wandb_record_footer(&o->log.record, o->log.number);
	add_record(o);
	return flush(o, err) < 0 ? OUTCOME_BLOCKED : OUTCOME_DONE;
}

void
wandb_offline_close(struct wandb_offline *o)
{
	if (o->t == NULL)
		return;
	wandb_offline_files_release(&o->copies);
	wandb_log_close(&o->log);
	release_early(o);
	if (o->dir >= 0)
		close(o->dir);
	free(o->path);
	*o = (struct wandb_offline){0};
}
