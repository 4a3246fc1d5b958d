/*
 * The TensorBoard tracker: event files that stock TensorBoard shows by both of
 * its loaders. The run has its totals in a directory of its own; with several
 * experiments each has one below it, <model>/<probe>, with the same plain names,
 * steps of its own and a row of its own in the HParams tab.
 *
 * Everything is written from the journal's start; what stands in the files of
 * an earlier process is skipped (run.h), so nothing hangs on how far a cursor
 * came before a kill.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/durable.h"
#include "base/path.h"
#include "format/text.h"
#include "tracker/common/display.h"
#include "tracker/common/place.h"
#include "tracker/tensorboard/run.h"
#include "tracker/tensorboard/descriptions.h"
#include "tracker/tracker.h"

/* A point waits so long for more values of its step before it is shown. */
#define STEP_WAIT_MS 1000
/* The params text waits so long after the first point: what arrives all at once
 * (an import, a harness) has its params in one. */
#define PARAMS_WAIT_MS 1000
/* What a shell takes as it is. */

struct experiment_run {
	char *below;       /* below the run's; NULL: not named yet */
	struct tbrun *run; /* NULL: has no entry yet */
	int64_t last_step; /* its own */
};

struct tensorboard {
	struct tbrun_shared shared;
	char *path;
	char *prefix;
	char *name; /* for people */
	bool again;
	int64_t started_us;
	struct tbrun *run;
	struct experiment_run *experiments; /* by index */
	size_t experiment_len;
};

static int
tensorboard_configure(struct tracker *t, struct err *err)
{
	struct tensorboard *tb = t->state;

	(void)err;
	tb->shared.tracker = t;
	tb->shared.dir = -1;
	return 0;
}

/* The command that shows it, fit for a shell. */
static void
say_where(struct tracker *t, const char *root)
{
	char *text = text_path_text(root);
	char *word = text_shell_word(text);

	tracker_note(t, "to look: tensorboard --logdir %s", word);
	free(word);
	free(text);
}

static enum outcome
tensorboard_open(struct tracker *t, const struct run_info *run, struct err *err)
{
	char *root = place_root(t, run);
	struct tensorboard *tb = t->state;
	int result = -1;

	tb->shared.dir = place_open(t, root, run, &tb->path, &tb->again, err);
	if (tb->shared.dir >= 0) {
		tb->shared.path = tb->path;
		tb->started_us = run->started_us;
		tb->prefix = xstrdup(
		    run->start->prefix != NULL ? run->start->prefix : "");
		tb->run =
		    tbrun_new(&tb->shared, "", run->started_us, tb->again, err);
	}
	if (tb->run != NULL) {
		tb->name = display_name(run->start, place_run_id(run));
		tb->run->name = tb->name;
		/* Runs of the library may all have one name. */
		if (run->start->source != SOURCE_LIBRARY) {
			tb->shared.row_name = tb->name;
			paramset_put_text(
			    &tb->run->params, "run_id", place_run_id(run));
		}
		if (!tb->run->has_files)
			result = tbrun_make_file(tb->run, err);
		else
			result = 0;
		if (result == 0)
			result = tbrun_write(tb->run, err);
		say_where(t, root);
	}
	free(root);
	return result < 0 ? OUTCOME_BLOCKED : OUTCOME_DONE;
}

/* A directory with this word in its name is an event file to TensorBoard, and
 * its slow reader fails on it: "tfevent%73" is no other name's, as a "%" of a
 * name is encoded itself. */
static char *
component(const char *name)
{
	static const char word[] = "tfevents";
	char *encoded = path_encode(name), *at = encoded, *found;
	struct buf out;

	buf_init(&out, 2 * strlen(encoded));
	while ((found = strstr(at, word)) != NULL) {
		buf_add(&out, at, (size_t)(found - at));
		buf_adds(&out, "tfevent%73");
		at = found + strlen(word);
	}
	buf_adds(&out, at);
	free(encoded);
	return buf_steal(&out);
}

static void
name_experiment(struct tensorboard *tb, const struct entry_experiment *e)
{
	size_t index = (size_t)e->index, len;
	struct experiment_run *list;
	char *model, *probe, *id;

	if (e->index < 0 || e->index > ENTRY_EXPERIMENT_MAX)
		return;
	if (index >= tb->experiment_len) {
		len = 2 * index + 1;
		list = xreallocarray(tb->experiments, len, sizeof(*list));
		memset(list + tb->experiment_len, 0,
		    (len - tb->experiment_len) * sizeof(*list));
		tb->experiments = list;
		tb->experiment_len = len;
	}
	if (tb->experiments[index].below != NULL)
		return;
	model = component(e->model_name);
	probe = component(e->probe_name);
	id = component(e->id);
	tb->experiments[index].below = xasprintf("%s/%s%s%s", model, probe,
	    e->name_has_id ? "/" : "", e->name_has_id ? id : "");
	free(id);
	free(probe);
	free(model);
}

/* The run that the entry belongs to. NULL: it can't be made. */
static struct tbrun *
run_of(struct tensorboard *tb, int64_t index, struct err *err)
{
	struct experiment_run *e;

	if (index < 0 || (uint64_t)index >= tb->experiment_len ||
	    tb->experiments[index].below == NULL)
		return tb->run;
	e = &tb->experiments[index];
	if (e->run == NULL)
		e->run = tbrun_new(
		    &tb->shared, e->below, tb->started_us, tb->again, err);
	return e->run;
}

/* The entry's step in the run that it belongs to. */
static int64_t
step_in(struct tensorboard *tb, const struct tbrun *run, int64_t index,
    const struct entry *e)
{
	bool own_run = run != tb->run;
	int64_t step = entry_step(e, own_run);

	if (own_run && step > tb->experiments[index].last_step)
		tb->experiments[index].last_step = step;
	return step;
}

static int
take_metrics(struct tensorboard *tb, const struct entry *e, struct err *err)
{
	const struct entry_metrics *metrics = &e->metrics;
	struct tbrun *run = run_of(tb, metrics->experiment, err);
	struct tbrun_point at = {.time_us = e->time_us};
	struct err refused = ERR_INIT;
	size_t i;

	if (run == NULL)
		return err->code;
	at.step = step_in(tb, run, metrics->experiment, e);
	for (i = 0; i < metrics->len; i++) {
		at.name = metrics->list[i].name;
		if (metrics->summary)
			tbrun_result(
			    run, &at, metrics->list[i].value, &refused);
		else
			tbrun_scalar(run, &at, metrics->list[i].value,
			    tensorboard_about(at.name, tb->prefix), &refused);
	}
	/* The entry counts as refused, even if only a part of it was; its good
	 * values are written. */
	if (refused.code != 0)
		*err = refused;
	return refused.code;
}

static int
take_histogram(struct tensorboard *tb, const struct entry *e, struct err *err)
{
	const struct entry_histogram *h = &e->histogram;
	struct tbrun *run = run_of(tb, h->experiment, err);
	struct tbrun_point at = {.time_us = e->time_us, .name = h->name};
	struct tfevent_histogram histogram = {
	    .min = h->min,
	    .max = h->max,
	    .count = h->count,
	    .sum = h->sum,
	    .sum_squares = h->sum_squares,
	    .limits = h->limits,
	    .counts = h->counts,
	    .len = h->len,
	};

	if (run == NULL)
		return err->code;
	at.step = step_in(tb, run, h->experiment, e);
	return tbrun_histogram(run, &at, &histogram, err);
}

static int
take_artifact(struct tensorboard *tb, const struct entry *e, struct err *err)
{
	char *tag = xasprintf("artifact/%s/text_summary", e->artifact.name);
	const struct tbrun_point at = {.time_us = e->time_us, .name = tag};
	struct buf content;
	int result;

	buf_init(&content, 4 * ENTRY_LINE_MAX);
	tfevent_code_span(&content, e->artifact.path);
	buf_addc(&content, '\0');
	result = tbrun_text(tb->run, &at, content.data, err);
	buf_release(&content);
	free(tag);
	return result;
}

static int
take_entry(struct tracker *t, const struct entry *e, struct err *err)
{
	struct tensorboard *tb = t->state;
	struct tbrun *run;

	switch (e->kind) {
	case ENTRY_EXPERIMENT:
		name_experiment(tb, &e->experiment);
		return 0;
	case ENTRY_PARAMS:
		run = run_of(tb, e->params.experiment, err);
		if (run == NULL)
			return err->code;
		paramset_put_entry(&run->params, "", &e->params);
		return 0;
	case ENTRY_METRICS:
		return take_metrics(tb, e, err);
	case ENTRY_HISTOGRAM:
		return take_histogram(tb, e, err);
	case ENTRY_ARTIFACT:
		return take_artifact(tb, e, err);
	case ENTRY_TABLE:
		tracker_note(t, "TensorBoard has no place for tables");
		return 0;
	default:
		return 0;
	}
}

/* Writes to the disk whatever is due. */
static int
write_due(struct tbrun *run, bool idle, struct err *err)
{
	int64_t now_ms = clock_mono_ms();

	if (idle)
		tbrun_end_step(run);
	if (run->first_value_ms != 0 &&
	    now_ms - run->first_value_ms >= PARAMS_WAIT_MS && !run->has_params)
		tbrun_params(run, run->started_us, 0);
	return tbrun_write(run, err);
}

static int
write_all(struct tensorboard *tb, bool idle, struct err *err)
{
	int result = write_due(tb->run, idle, err);
	size_t i;

	for (i = 0; result == 0 && i < tb->experiment_len; i++)
		if (tb->experiments[i].run != NULL)
			result = write_due(tb->experiments[i].run, idle, err);
	return result;
}

static enum outcome
tensorboard_send(struct tracker *t, struct batch *batch, struct err *err)
{
	struct tensorboard *tb = t->state;
	struct err refused = ERR_INIT;
	size_t i, taken = batch->count;
	int result = 0;

	for (i = 0; i < batch->count && taken == batch->count; i++) {
		result = take_entry(t, &batch->entries[i], &refused);
		if (result < 0)
			taken = i;
	}
	batch->done = taken;
	if (write_all(tb, batch->count == 0, err) < 0) {
		batch->done = 0;
		return OUTCOME_BLOCKED;
	}
	if (result == 0)
		return OUTCOME_DONE;
	*err = refused;
	return result == -EINVAL || result == -ERANGE ? OUTCOME_REJECTED
						      : OUTCOME_BLOCKED;
}

static int
finish_run(
    struct tbrun *run, const struct run_end *end, int64_t step, struct err *err)
{
	tbrun_end_step(run);
	if (run->has_params)
		tbrun_params(run, end->ended_us, step);
	else
		tbrun_params(run, run->started_us, 0);
	if (tbrun_results(run, end->ended_us, step, err) < 0)
		return err->code;
	tbrun_row(run);
	tbrun_row_end(run, end->end->status, end->ended_us);
	return tbrun_write(run, err);
}

static enum outcome
tensorboard_finish(
    struct tracker *t, const struct run_end *end, struct err *err)
{
	struct tensorboard *tb = t->state;
	int result = 0;
	size_t i;

	for (i = 0; result == 0 && i < tb->experiment_len; i++)
		if (tb->experiments[i].run != NULL)
			result = finish_run(tb->experiments[i].run, end,
			    tb->experiments[i].last_step, err);
	if (result == 0)
		result = finish_run(tb->run, end, end->end->last_step, err);
	return result < 0 ? OUTCOME_BLOCKED : OUTCOME_DONE;
}

static int
tensorboard_sync(struct tracker *t, struct err *err)
{
	const struct tensorboard *tb = t->state;

	return durable_folder(tb->path, err);
}

static void
tensorboard_close(struct tracker *t)
{
	struct tensorboard *tb = t->state;
	size_t i;

	for (i = 0; i < tb->experiment_len; i++) {
		tbrun_free(tb->experiments[i].run);
		free(tb->experiments[i].below);
	}
	free(tb->experiments);
	tbrun_free(tb->run);
	if (tb->shared.dir >= 0)
		close(tb->shared.dir);
	free(tb->prefix);
	free(tb->name);
	free(tb->path);
}

const struct tracker_ops tracker_tensorboard = {
    .about = &tracker_about_tensorboard,
    .state_size = sizeof(struct tensorboard),
    .pace_ms = 0,
    .idle_ms = STEP_WAIT_MS,
    .needs_run_id = true,
    .from_start = true,
    .files_before_finish = true,
    .configure = tensorboard_configure,
    .prepare = place_prepare,
    .open = tensorboard_open,
    .send = tensorboard_send,
    .finish = tensorboard_finish,
    .destination = plan_root_destination,
    .examine = examine_root,
    .foretell = examine_root,
    .sync = tensorboard_sync,
    .close = tensorboard_close,
};
