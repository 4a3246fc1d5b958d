/*
 * MLflow: chooses between a server (REST 2.0) and a file store. What each
 * call does there is in open.c, send.c, artifact.c and
 * tracker/mlflow/store/store.c.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/durable.h"
#include "tracker/mlflow/private.h"

/* At most one request a second for a run whose records are fast. */
#define PACE_MS 1000

static int
mlflow_configure(struct tracker *t, struct err *err)
{
	const char *nested = tracker_option(t, "nested");
	struct mlflow *m = t->state;

	(void)err;
	m->tracker = t;
	m->file = -1;
	t->own_runs = nested == NULL || strcmp(nested, "no") != 0;
	mlflow_calls_init(m);
	return 0;
}

/* Reads the environment here, not earlier: `itrack sync` may have another one
 * than the process that failed. */
static int
load_config(struct mlflow *m, struct err *err)
{
	const struct plan plan = tracker_plan(m->tracker, m->run->start);
	const struct mlflow_choice choice = mlflow_choice_of(&plan);

	if (m->configured)
		return 0;
	if (mlflow_config_load(&m->config, &choice, err) < 0) {
		mlflow_config_release(&m->config);
		return -1;
	}
	m->configured = true;
	if (m->config.denied != NULL)
		tracker_note(m->tracker, "%s", m->config.denied);
	m->tracker->retry.most = m->config.retry_most;
	if (m->config.retry_first_ms >= 0)
		m->tracker->retry.first_ms = m->config.retry_first_ms;
	m->tracker->retry.ignore_retry_after = !m->config.heed_retry_after;
	return 0;
}

static enum outcome
mlflow_open(struct tracker *t, const struct run_info *run, struct err *err)
{
	struct mlflow *m = t->state;

	m->run = run;
	if (load_config(m, err) < 0) {
		if (err->code == MLFLOW_NEEDS_URI)
			tracker_needs(t, "--mlflow-uri URI");
		return OUTCOME_BLOCKED;
	}
	mlflow_children_recall(m);
	mlflow_tables_recall(m);
	return m->config.store == MLFLOW_FILES ? mlruns_open(m, err)
					       : mlflow_server_open(m, err);
}

/* Refuses the metrics lane where there is no run: calls that need none travel
 * in the files lane. */
static enum outcome
refuse(struct mlflow *m, struct batch *batch)
{
	if (batch->count > 0)
		tracker_refused(m->tracker, "metrics and params",
		    "there is no run to have them");
	batch->rejected = batch->count;
	return OUTCOME_DONE;
}

static enum outcome
mlflow_send(struct tracker *t, struct batch *batch, struct err *err)
{
	struct mlflow *m = t->state;

	if (batch->lane == LANE_FILES)
		return mlflow_files(m, batch, err);
	if (batch->lane == LANE_RECORDS)
		return m->run->start->no_run
		    ? OUTCOME_DONE
		    : mlflow_send_records(m, batch, err);
	if (m->run->start->no_run)
		return refuse(m, batch);
	if (m->config.store == MLFLOW_FILES)
		return mlruns_send(m, batch, err);
	return mlflow_server_send(m, batch);
}

static enum outcome
mlflow_finish(struct tracker *t, const struct run_end *end, struct err *err)
{
	struct mlflow *m = t->state;

	if (m->run->start->no_run)
		return OUTCOME_DONE;
	mlflow_records_ended(m);
	return m->config.store == MLFLOW_FILES ? mlruns_finish(m, end, err)
					       : mlflow_server_finish(m, end);
}

static int
mlflow_sync(struct tracker *t, struct err *err)
{
	const struct mlflow *m = t->state;

	return m->mlruns != NULL ? durable_folder(m->config.root, err) : 0;
}

static void
mlflow_close(struct tracker *t)
{
	struct mlflow *m = t->state;

	mlflow_calls_release(m);
	mlflow_records_release(m);
	mlflow_inputs_release(m);
	mlflow_tables_release(m);
	mlflow_shared_put(m->shared);
	mlruns_close(m);
	mlflow_children_release(m);
	mlflow_batch_release(&m->part);
	mlflow_batch_release(&m->tag_part);
	mlflow_tags_release(&m->tags);
	mlflow_config_release(&m->config);
	local_copy_cancel(&m->copy);
	loop_timer_cancel(t->loop, &m->copy_timer);
	loop_timer_cancel(t->loop, &m->parent_timer);
	if (m->file >= 0)
		close(m->file);
	free(m->experiment_id);
	free(m->run_id);
	free(m->artifact_uri);
	free(m->run_name);
	free(m->stored_name);
	free(m->wanted.id);
	free(m->wanted.name);
	free(m->rename);
	free(m->parent_id);
	free(m->source);
	free(m->source_run);
}

const struct tracker_ops tracker_mlflow = {
    .about = &tracker_about_mlflow,
    .state_size = sizeof(struct mlflow),
    .pace_ms = PACE_MS,
    .configure = mlflow_configure,
    .open = mlflow_open,
    .send = mlflow_send,
    .finish = mlflow_finish,
    .destination = mlflow_destination,
    .examine = mlflow_examine,
    .foretell = mlflow_foretell,
    .sync = mlflow_sync,
    .close = mlflow_close,
};
