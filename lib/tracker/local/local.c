/*
 * The local tracker: a directory with the five JSON files and the artifacts/ of
 * insideLLMs' LocalFileTracker, in the same bytes, but valid JSON at every
 * moment: metrics.json, params.json and artifacts.json are there while the run
 * goes on, final_state.json when all of them are complete. NaN and infinities
 * stand as the strings "NaN", "Infinity", "-Infinity".
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/durable.h"
#include "base/path.h"
#include "base/tempfile.h"
#include "format/text.h"
#include "tracker/local/array.h"
#include "tracker/common/artifact_copy.h"
#include "tracker/local/files.h"
#include "tracker/common/paramset.h"
#include "tracker/common/place.h"
#include "tracker/common/prefixes.h"
#include "tracker/tracker.h"

/* How often the files are put in place while the run goes on: at most once a
 * second, and for at most a twentieth of the time. */
#define PUBLISH_MS    1000
#define PUBLISH_SHARE 20
/* Pieces of artifacts that are copied before the loop has its turn again. */
#define COPY_STEPS 4
/* Documents but for the arrays: params of a run, with room for long texts. */
#define DOCUMENT_BYTES_MAX ((size_t)256 * 1024 * 1024)

struct local {
	int dir; /* -1: not opened */
	char *path;
	const char *word;  /* of temporary files */
	char *host;        /* where the entries were made */
	bool again, alone; /* the run was tracked before; goes only here */
	struct paramset params;
	bool params_dirty;
	struct local_array metrics, artifacts;
	struct prefixes prefixes;
	struct loop_timer publish_timer;
	int64_t publish_due_ms;
	/* What came since the last publication. The record behind a sample of the
	 * machine must not wait a second because of it. */
	bool only_samples;
	struct err publish_error; /* of the timer: told by the next call */
	struct loop_timer copy_timer;
	struct local_copy copy;
	struct batch *files; /* under way */
	size_t files_at;
};

static int
local_configure(struct tracker *t, struct err *err)
{
	struct local *l = t->state;

	(void)err;
	l->dir = -1;
	paramset_init(&l->params);
	return 0;
}

static int
replace_file(
    struct local *l, const char *name, struct buf *bytes, struct err *err)
{
	int error;

	if (buf_overflowed(bytes))
		error = err_set(err, -EFBIG, "%s: too large", name);
	else
		error = tempfile_write(l->dir, name, l->word,
		    &(struct tempfile_bytes){
			bytes->data, bytes->len, 0666, false},
		    err);
	buf_release(bytes);
	if (error < 0)
		err_prefix(err, "in %s", l->path);
	return error;
}

static int
publish_params(struct local *l, struct err *err)
{
	struct buf bytes;
	int error;

	buf_init(&bytes, DOCUMENT_BYTES_MAX);
	local_write_params(&bytes, &l->params);
	error = replace_file(l, "params.json", &bytes, err);
	if (error == 0)
		l->params_dirty = false;
	return error;
}

static int
publish_array(struct local *l, struct local_array *array, struct err *err)
{
	int error = local_array_publish(array, err);

	return error < 0 ? err_prefix(err, "in %s", l->path) : 0;
}

static bool
is_dirty(const struct local *l)
{
	return l->metrics.dirty || l->params_dirty || l->artifacts.dirty;
}

static int
publish(struct local *l, struct err *err)
{
	int64_t began_us = clock_mono_us(), wait_ms;
	int error = 0;

	if (l->metrics.dirty)
		error = publish_array(l, &l->metrics, err);
	if (error == 0 && l->params_dirty)
		error = publish_params(l, err);
	if (error == 0 && l->artifacts.dirty)
		error = publish_array(l, &l->artifacts, err);
	wait_ms = (clock_mono_us() - began_us) * PUBLISH_SHARE / 1000;
	if (wait_ms < PUBLISH_MS)
		wait_ms = l->only_samples ? 0 : PUBLISH_MS;
	l->publish_due_ms = clock_mono_ms() + wait_ms;
	l->only_samples = true;
	return error;
}

static void
on_publish(struct loop_timer *timer)
{
	struct tracker *t = timer->data;
	struct local *l = t->state;

	if (is_dirty(l) && l->publish_error.code == 0)
		publish(l, &l->publish_error);
}

/* Publishes now if it is time, else sets the timer. */
static enum outcome
publish_soon(struct tracker *t, struct err *err)
{
	struct local *l = t->state;
	int64_t wait_ms = l->publish_due_ms - clock_mono_ms();

	if (l->publish_error.code != 0) {
		*err = l->publish_error;
		return OUTCOME_BLOCKED;
	}
	if (!is_dirty(l))
		return OUTCOME_DONE;
	if (wait_ms <= 0)
		return publish(l, err) < 0 ? OUTCOME_BLOCKED : OUTCOME_DONE;
	if (!l->publish_timer.set)
		loop_timer_set(t->loop, &l->publish_timer, wait_ms);
	return OUTCOME_DONE;
}

static int
write_metadata(struct local *l, const struct run_info *run, struct err *err)
{
	/* A program's run has the ID that the program was told; another's is its
	 * directory's name. */
	char *name = run->start->source == SOURCE_LIBRARY
	    ? xstrdup(place_run_id(run))
	    : text_path_text(path_base(l->path));
	struct buf bytes;

	buf_init(&bytes, DOCUMENT_BYTES_MAX);
	local_write_metadata(&bytes, run, name);
	free(name);
	return replace_file(l, "metadata.json", &bytes, err);
}

static enum outcome
local_open(struct tracker *t, const struct run_info *run, struct err *err)
{
	char *root = place_root(t, run);
	struct local *l = t->state;

	l->word = place_word(run->start->attempt);
	l->alone = run->start->target_len == 1;
	l->dir = place_open(t, root, run, &l->path, &l->again, err);
	free(root);
	if (l->dir < 0 || write_metadata(l, run, err) < 0)
		return OUTCOME_BLOCKED;
	l->publish_timer.fire = on_publish;
	l->publish_timer.data = t;
	l->copy_timer.data = t;
	l->host = run->start->host != NULL ? xstrdup(run->start->host) : NULL;
	/* The existing files have more than we have so far: leave them until
	 * the journal was read. A run that is all there already is written
	 * once. */
	if (l->again || run->ended)
		l->publish_due_ms = clock_mono_ms() + PUBLISH_MS;
	if (l->again)
		local_copy_forget(l->dir, l->word);
	local_array_init(&l->metrics, l->dir, "metrics.json", l->word);
	local_array_init(&l->artifacts, l->dir, "artifacts.json", l->word);
	l->metrics.dirty = l->artifacts.dirty = false;
	l->only_samples = true;
	if (run->start->source != SOURCE_LIBRARY)
		paramset_put_text(&l->params, "run_id", place_run_id(run));
	l->params_dirty = true;
	return OUTCOME_DONE;
}

static int
take_entry(struct tracker *t, const struct entry *e, struct err *err)
{
	struct local *l = t->state;
	struct jsonwrite w;

	switch (e->kind) {
	case ENTRY_EXPERIMENT:
		prefixes_name(&l->prefixes, &e->experiment);
		return 0;
	case ENTRY_PARAMS:
		if (paramset_put_entry(&l->params,
			prefixes_of(&l->prefixes, e->params.experiment),
			&e->params))
			l->params_dirty = true;
		return 0;
	case ENTRY_METRICS:
		local_array_begin(&l->metrics, &w);
		local_write_metrics(
		    &w, e, prefixes_of(&l->prefixes, e->metrics.experiment));
		return local_array_end(&l->metrics, err);
	default:
		return 0;
	}
}

static bool
is_sample(const struct entry *e)
{
	return e->kind == ENTRY_METRICS && e->metrics.sample > 0;
}

static enum outcome
send_metrics(struct tracker *t, struct batch *batch, struct err *err)
{
	struct local *l = t->state;
	size_t i;
	int error;

	for (i = 0; i < batch->count; i++) {
		error = take_entry(t, &batch->entries[i], err);
		if (error < 0) {
			batch->done = i;
			return error == -EMSGSIZE ? OUTCOME_REJECTED
						  : OUTCOME_BLOCKED;
		}
		if (!is_sample(&batch->entries[i]))
			l->only_samples = false;
	}
	return publish_soon(t, err);
}

static int
list_artifact(
    struct local *l, const struct entry_artifact *artifact, struct err *err)
{
	char *dir = text_path_text(l->path);
	char *name = local_copy_name(artifact->name);
	char *path = xasprintf("%s/artifacts/%s", dir, name);
	struct jsonwrite w;

	local_array_begin(&l->artifacts, &w);
	local_write_artifact(&w, artifact, path);
	free(path);
	free(name);
	free(dir);
	return local_array_end(&l->artifacts, err);
}

static enum outcome
copy_on(struct tracker *t, const struct entry *e, int *steps, struct err *err)
{
	struct local *l = t->state;
	enum outcome outcome = OUTCOME_PENDING;

	if (e->kind == ENTRY_TABLE) {
		tracker_note(t, "tables have no place in local files");
		return OUTCOME_DONE;
	}
	if (e->kind != ENTRY_ARTIFACT)
		return OUTCOME_DONE;
	if (l->copy.artifact == NULL)
		outcome = local_copy_begin(&l->copy, &e->artifact,
		    &(struct local_copy_way){l->dir, l->word, l->host, l->again,
			tracker_write_down(t), l->alone, NULL},
		    err);
	while (outcome == OUTCOME_PENDING && (*steps)++ < COPY_STEPS) {
		outcome = local_copy_step(&l->copy, err);
		tracker_progress(t);
	}
	if (outcome == OUTCOME_DONE && list_artifact(l, &e->artifact, err) < 0)
		return OUTCOME_BLOCKED;
	return outcome;
}

static enum outcome
go_on_with_files(struct tracker *t, struct err *err)
{
	struct local *l = t->state;
	struct batch *batch = l->files;
	enum outcome outcome;
	int steps = 0;

	for (; l->files_at < batch->count; l->files_at++) {
		outcome = copy_on(t, &batch->entries[l->files_at], &steps, err);
		if (outcome == OUTCOME_PENDING)
			return outcome;
		if (outcome != OUTCOME_DONE) {
			batch->done = l->files_at;
			/* It may be long until the file can be copied: what
			 * there is otherwise does not wait for it. */
			if (is_dirty(l) && l->publish_error.code == 0)
				publish(l, &l->publish_error);
			return outcome;
		}
	}
	l->only_samples = false;
	return publish_soon(t, err);
}

static void
on_copy(struct loop_timer *timer)
{
	struct tracker *t = timer->data;
	struct local *l = t->state;
	struct err err = ERR_INIT;
	enum outcome outcome = go_on_with_files(t, &err);

	if (outcome == OUTCOME_PENDING) {
		loop_timer_set(t->loop, &l->copy_timer, 0);
		return;
	}
	l->files = NULL;
	tracker_done(t, CALL_SEND_FILES, outcome, 0, &err);
}

static enum outcome
send_files(struct tracker *t, struct batch *batch, struct err *err)
{
	struct local *l = t->state;
	enum outcome outcome;

	l->files = batch;
	l->files_at = 0;
	outcome = go_on_with_files(t, err);
	if (outcome == OUTCOME_PENDING) {
		l->copy_timer.fire = on_copy;
		loop_timer_set(t->loop, &l->copy_timer, 0);
	} else {
		l->files = NULL;
	}
	return outcome;
}

static enum outcome
local_send(struct tracker *t, struct batch *batch, struct err *err)
{
	return batch->lane == LANE_FILES ? send_files(t, batch, err)
					 : send_metrics(t, batch, err);
}

/* Writes final_state.json last: a reader who sees it can read the other files
 * completely. */
static enum outcome
local_finish(struct tracker *t, const struct run_end *end, struct err *err)
{
	struct local *l = t->state;
	struct buf bytes;

	l->metrics.dirty = l->params_dirty = l->artifacts.dirty = true;
	loop_timer_cancel(t->loop, &l->publish_timer);
	if (publish(l, err) < 0)
		return OUTCOME_BLOCKED;
	buf_init(&bytes, DOCUMENT_BYTES_MAX);
	local_write_final_state(&bytes, end, l->metrics.count);
	if (replace_file(l, "final_state.json", &bytes, err) < 0)
		return OUTCOME_BLOCKED;
	return OUTCOME_DONE;
}

static int
local_sync(struct tracker *t, struct err *err)
{
	const struct local *l = t->state;

	return durable_folder(l->path, err);
}

static void
local_close(struct tracker *t)
{
	struct local *l = t->state;

	if (l->publish_timer.set)
		loop_timer_cancel(t->loop, &l->publish_timer);
	if (l->copy_timer.set)
		loop_timer_cancel(t->loop, &l->copy_timer);
	local_copy_cancel(&l->copy);
	local_array_release(&l->metrics);
	local_array_release(&l->artifacts);
	paramset_release(&l->params);
	prefixes_release(&l->prefixes);
	free(l->path);
	free(l->host);
	if (l->dir >= 0)
		close(l->dir);
}

const struct tracker_ops tracker_local = {
    .about = &tracker_about_local,
    .state_size = sizeof(struct local),
    .pace_ms = 0,
    .idle_ms = 0,
    .needs_run_id = true,
    .from_start = true,
    .files_before_finish = true,
    .configure = local_configure,
    .prepare = place_prepare,
    .open = local_open,
    .send = local_send,
    .finish = local_finish,
    .destination = plan_root_destination,
    .examine = examine_root,
    .sync = local_sync,
    .close = local_close,
};
