#include "tracker/wandb/offline.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/file.h"
#include "base/path.h"
#include "format/text.h"
#include "tracker/wandb/record.h"

/* Under this name the cursor keeps the folder's path. */
#define REMEMBERED "folder"
/* A batch of entries becomes many times as long where names of experiments are
 * long: what is collected goes to the file beyond this. */
#define FLUSH_BYTES (1024 * 1024)
#define LATEST      "latest-run"
#define LATEST_TEMP ".itrack-latest-run"

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

/* <root>/latest-run -> the folder; what is no link there is left alone. */
static void
point_latest_here(const char *root, const char *folder)
{
	int dir = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (dir < 0)
		return;
	if (fstatat(dir, LATEST, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    S_ISLNK(st.st_mode)) {
		unlinkat(dir, LATEST_TEMP, 0);
		if (symlinkat(folder, dir, LATEST_TEMP) == 0)
			renameat(dir, LATEST_TEMP, dir, LATEST);
	}
	close(dir);
}

/* Makes the folder, or finds it again: its name has the attempt in it, so one
 * that is there is ours. */
static int
take_folder(struct wandb_offline *o, const struct wandb_settings *settings,
    struct err *err)
{
	const char *recalled = tracker_recall(o->t, REMEMBERED);
	char *name, *text;
	int result;

	if (recalled != NULL) {
		o->path = text_path_bytes(recalled);
		result = o->path != NULL
		    ? file_make_dirs(o->path, 0777, err)
		    : err_set(err, -EBADMSG, "the cursor's folder is no path");
	} else {
		name = folder_name(o->run);
		o->path = path_join(settings->root, name);
		result = file_make_dirs(o->path, 0777, err);
		if (result == 0)
			point_latest_here(settings->root, name);
		free(name);
	}
	if (result < 0)
		return result;
	o->dir = open(o->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (o->dir < 0)
		return err_errno(err, "cannot open %s", o->path);
	if (mkdirat(o->dir, "files", 0777) < 0 && errno != EEXIST)
		return err_errno(err, "cannot create files/ in %s", o->path);
	text = text_path_text(o->path);
	tracker_remember(o->t, REMEMBERED, text);
	tracker_set_place(o->t, text);
	free(text);
	return 0;
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
    const struct run_info *info, const struct wandb_settings *settings,
    struct wandb_run *run, struct err *err)
{
	char *name;
	int result;

	*o = (struct wandb_offline){
	    .t = t, .run = run, .start = info->start, .dir = -1, .log.fd = -1};
	if (take_folder(o, settings, err) < 0)
		return OUTCOME_BLOCKED;
	wandb_copies_init(
	    &o->copies, t, run, o->dir, o->path, info->start->host);
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

/* What can't be written here is tried again by the flush at the end of the
 * send, and its error is the one that counts. */
static void
add_record(struct wandb_offline *o)
{
	struct err err = ERR_INIT;

	if (wandb_log_add(&o->log) < 0)
		o->lost = true;
	if (o->log.pending.len >= FLUSH_BYTES)
		wandb_log_flush(&o->log, &err);
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

static enum outcome
send_metrics(
    struct wandb_offline *o, const struct batch *batch, struct err *err)
{
	const struct entry *e;
	size_t i;

	for (i = 0; i < batch->count; i++) {
		e = &batch->entries[i];
		if (e->kind == ENTRY_METRICS || e->kind == ENTRY_HISTOGRAM)
			begin(o);
		if (e->kind == ENTRY_PARAMS && o->began)
			take_params(o, &e->params);
		wandb_run_take(o->run, e);
	}
	return flush(o, err) < 0 ? OUTCOME_BLOCKED : OUTCOME_DONE;
}

enum outcome
wandb_offline_send(
    struct wandb_offline *o, struct batch *batch, struct err *err)
{
	if (batch->lane == LANE_METRICS)
		return send_metrics(o, batch, err);
	wandb_copies_send(&o->copies, batch);
	return OUTCOME_PENDING;
}

/* wandb sync does not fill in an artifact's missing entity, and fails on it:
 * then the files are run files alone. */
static void
add_files(struct wandb_offline *o)
{
	char *path = text_path_text(o->path);
	char *folder = xasprintf("%s/artifacts", path);

	if (o->copies.media.len > 0) {
		wandb_record_files(
		    &o->log.record, o->log.number, &o->copies.media);
		add_record(o);
	}
	if (o->copies.manifest.len > 0) {
		wandb_record_files(
		    &o->log.record, o->log.number, &o->copies.manifest);
		add_record(o);
	}
	if (o->copies.manifest.len > 0 && o->run->entity != NULL) {
		wandb_record_artifact(&o->log.record, o->log.number, o->run,
		    &o->copies.manifest, folder);
		add_record(o);
	} else if (o->copies.manifest.len > 0) {
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

	begin(o);
	wandb_rows_close(&o->run->rows);
	add_files(o);
	wandb_record_summary(
	    &o->log.record, o->log.number, &o->run->tables, seconds);
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
	wandb_copies_release(&o->copies);
	wandb_log_close(&o->log);
	if (o->dir >= 0)
		close(o->dir);
	free(o->path);
	*o = (struct wandb_offline){0};
}
