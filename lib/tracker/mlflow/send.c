/* Sends metrics, params and the run's name to an MLflow server: one
 * request after the other until the batch is done, a refused one in halves.
 *
 * A request that was refused is sent again in halves, until the bad item is
 * alone: it is named and counted, everything else arrives. Points that may be
 * there already (a broken connection, a process before this one) go in small
 * pieces, because the server is slow in finding out. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "format/jsonwrite.h"
#include "tracker/mlflow/names.h"
#include "tracker/mlflow/private.h"
#include "tracker/common/display.h"
#include "tracker/mlflow/limits.h"

/* 100 repeated points take the server 0.15 s, 1000 up to 2.4 s. */
#define CAREFUL_ITEMS 100
#define RUN_NAME_MAX  250
#define NAME_BYTES    65536

static bool advance(struct mlflow *m);

/* Is the run being ended? */
static bool
is_ending(const struct mlflow *m)
{
	return m->end.end != NULL;
}

void
mlflow_send_failed(struct mlflow *m, const struct mlflow_answer *a)
{
	if (is_ending(m)) {
		mlflow_fail(m, CALL_FINISH, a);
		return;
	}
	/* Entries before this one may be only half delivered, so all of them
	 * come again. */
	m->batch->done = 0;
	m->batch->rejected = 0;
	if (a->ambiguous)
		m->careful = MLFLOW_ITEMS_MAX;
	mlflow_fail(m, CALL_SEND_METRICS, a);
}

void
mlflow_send_on(struct mlflow *m)
{
	if (is_ending(m))
		mlflow_finish_on(m);
	else if (!advance(m))
		tracker_done(
		    m->tracker, CALL_SEND_METRICS, OUTCOME_DONE, 0, NULL);
}

/* An entry counts once, however many of its items were refused. */
static void
count_rejected(struct mlflow *m, const struct mlflow_item *item)
{
	if (m->last_rejected != item->entry + (size_t)1)
		m->batch->rejected++;
	m->last_rejected = item->entry + (size_t)1;
}

static void
logged(struct mlflow *m, struct mlflow_answer *a)
{
	const struct mlflow_item *item;
	size_t metrics = mlflow_batch_metrics(&m->part);

	if (a->outcome == OUTCOME_REJECTED) {
		item = mlflow_batch_refused(&m->part);
		if (item != NULL) {
			mlflow_say_refused(m, &m->part, item, a);
			count_rejected(m, item);
		}
	} else if (a->outcome == OUTCOME_DONE) {
		m->careful -= metrics < m->careful ? metrics : m->careful;
		mlflow_batch_taken(&m->part);
	} else {
		mlflow_send_failed(m, a);
		return;
	}
	mlflow_send_on(m);
}

static const char *
slot_run(const struct mlflow *m)
{
	return m->slot == 0 ? m->run_id : m->children[m->slot - 1]->run_id;
}

/* Makes the next log-batch of this run; false: there is none. */
static bool
send_part(struct mlflow *m)
{
	const char *run_id = slot_run(m);
	size_t limit = m->careful > 0 ? CAREFUL_ITEMS : MLFLOW_ITEMS_MAX;

	if (run_id == NULL ||
	    mlflow_batch_next(
		&m->part, &m->calls[LANE_METRICS].body, run_id, limit) == 0)
		return false;
	mlflow_post(m, "runs/log-batch", logged);
	return true;
}

/* The items of the run m->slot. */
static void
begin_run(struct mlflow *m)
{
	mlflow_batch_fill(
	    &m->part, m->batch->entries, m->batch->count, &m->names);
}

static bool
next_run(struct mlflow *m)
{
	while (++m->slot <= m->child_len)
		if (m->children[m->slot - 1]->made) {
			begin_run(m);
			return true;
		}
	return false;
}

static void
renamed(struct mlflow *m, struct mlflow_answer *a)
{
	if (a->outcome == OUTCOME_RETRY || a->outcome == OUTCOME_BLOCKED) {
		mlflow_send_failed(m, a);
		return;
	}
	if (a->outcome == OUTCOME_REJECTED)
		tracker_note(m->tracker, "%s", a->err.message);
	free(m->rename);
	m->rename = NULL;
	mlflow_send_on(m);
}

static void
send_rename(struct mlflow *m)
{
	struct mlflow_call *call = &m->calls[LANE_METRICS];
	struct jsonwrite w;
	struct buf name;

	buf_init(&name, NAME_BYTES);
	mlflow_text(&name, m->rename, RUN_NAME_MAX);
	w = mlflow_begin_body(&call->body);
	jsonwrite_text_member(&w, "run_id", m->run_id);
	jsonwrite_text_member(&w, "run_name", name.data);
	jsonwrite_close(&w, '}');
	buf_release(&name);
	mlflow_post(m, "runs/update", renamed);
}

/* The next child whose run or tags are still to be made. */
static struct mlflow_child *
child_to_make(const struct mlflow *m)
{
	for (size_t i = 0; i < m->child_len; i++)
		if (m->children[i]->used && !m->children[i]->made)
			return m->children[i];
	return NULL;
}

static void
made_child(struct mlflow *m)
{
	m->wanted.child->made = true;
	mlflow_send_on(m);
}

/* Starts the next request; false: the batch is done. */
static bool
advance(struct mlflow *m)
{
	struct mlflow_child *child = child_to_make(m);

	if (child != NULL) {
		mlflow_want_child(m, child, made_child);
		return true;
	}
	if (m->rename != NULL) {
		send_rename(m);
		return true;
	}
	if (mlflow_inputs_next(m))
		return true;
	do {
		if (send_part(m))
			return true;
	} while (next_run(m));
	return false;
}

static const char *
prefix_of(const void *data, int64_t experiment)
{
	const struct mlflow *m = data;
	const struct mlflow_child *child;

	if (tracker_has_own_run(m->tracker, experiment))
		return "";
	child = mlflow_child_find(m, experiment);
	return child != NULL ? child->prefix : "";
}

static bool
is_wanted(const void *data, int64_t experiment)
{
	const struct mlflow *m = data;
	const struct mlflow_child *child;

	child = tracker_has_own_run(m->tracker, experiment)
	    ? mlflow_child_find(m, experiment)
	    : NULL;
	return child == (m->slot > 0 ? m->children[m->slot - 1] : NULL);
}

static bool
is_own_run(const void *data)
{
	const struct mlflow *m = data;

	return m->slot > 0;
}

static void
take_note(void *data, const char *line)
{
	const struct mlflow *m = data;

	tracker_altered(m->tracker, "%s", line);
}

static void
take_run_id(struct mlflow *m, const char *run_id)
{
	char *name;

	if (m->named || mlflow_has_joined(m))
		return;
	name = display_name(m->run->start, run_id);
	if (m->run_name == NULL || strcmp(m->run_name, name) != 0) {
		free(m->rename);
		m->rename = name;
		name = NULL;
	}
	free(name);
}

static void
look_at(struct mlflow *m, const struct entry *e)
{
	mlflow_child_use(m, e);
	mlflow_inputs_take(m, e);
	switch (e->kind) {
	case ENTRY_EXPERIMENT:
		mlflow_child_add(m, &e->experiment);
		break;
	case ENTRY_RUN_ID:
		take_run_id(m, e->run_id);
		break;
	default:
		break;
	}
}

enum outcome
mlflow_server_send(struct mlflow *m, struct batch *batch)
{
	m->batch = batch;
	m->names = (struct mlflow_names){
	    prefix_of, is_wanted, is_own_run, take_note, m};
	m->slot = 0;
	m->last_rejected = 0;
	for (size_t i = 0; i < batch->count; i++)
		look_at(m, &batch->entries[i]);
	if (batch->last)
		mlflow_inputs_end(m);
	begin_run(m);
	return advance(m) ? OUTCOME_PENDING : OUTCOME_DONE;
}
