/* A run that is there already and that the user named (--mlflow-run-id,
 * MLFLOW_RUN_ID): joined as MLflow's own client joins it, but by one attempt
 * alone, because two in one run would mix. The tag itrack.id says which:
 *
 *	get the run     deleted, of another experiment: blocked
 *	                the tag of another attempt: this one makes its own run,
 *	                but for a program that names the run when it starts
 *	log-batch       our tag, and the tags that the user gave; refused: our
 *	                tag alone, then the others
 *	update          status RUNNING
 *
 * Its name, its times and its other tags stay. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "format/jsonwrite.h"
#include "tracker/mlflow/private.h"

#define PATH_MAX_BYTES (64 * 1024)
#define JOINED         "joined"

static void
blocked(struct mlflow *m, const char *message)
{
	struct err err = ERR_INIT;

	err_set(&err, -EINVAL, "%s: run %s %s", m->config.base,
	    m->config.run_id, message);
	tracker_done(m->tracker, CALL_OPEN, OUTCOME_BLOCKED, 0, &err);
}

static void
failed(struct mlflow *m, struct mlflow_answer *a)
{
	if (a->outcome == OUTCOME_REJECTED)
		err_prefix(&a->err, "MLFLOW_RUN_ID, --mlflow-run-id");
	mlflow_fail_open(m, CALL_OPEN, a);
}

bool
mlflow_has_joined(const struct mlflow *m)
{
	return tracker_recall(m->tracker, JOINED) != NULL;
}

static void
running(struct mlflow *m, struct mlflow_answer *a)
{
	if (a->outcome != OUTCOME_DONE) {
		failed(m, a);
		return;
	}
	tracker_remember_later(m->tracker, JOINED, "1");
	mlflow_take_joined(m);
}

static void claim(struct mlflow *m);

static void
claimed(struct mlflow *m, struct mlflow_answer *a)
{
	struct buf *body = &m->calls[LANE_METRICS].body;
	struct jsonwrite w;

	if (a->outcome == OUTCOME_REJECTED && !m->wanted.bare) {
		mlflow_tags_later(m);
		claim(m);
		return;
	}
	if (a->outcome != OUTCOME_DONE) {
		failed(m, a);
		return;
	}
	w = mlflow_begin_body(body);
	jsonwrite_text_member(&w, "run_id", m->run_id);
	jsonwrite_text_member(&w, "status", "RUNNING");
	jsonwrite_close(&w, '}');
	mlflow_post(m, "runs/update", running);
}

static void
claim(struct mlflow *m)
{
	mlflow_claim_body(m, &m->calls[LANE_METRICS].body);
	mlflow_post(m, "runs/log-batch", claimed);
}

/* The value of the run's tag itrack.id; NULL: it has none. */
static const char *
tag_of(const cJSON *run)
{
	const cJSON *tag;

	cJSON_ArrayForEach (tag, json_at(run, "data.tags"))
		if (json_at_is(tag, "key", MLFLOW_ID_TAG))
			return json_at_text(tag, "value");
	return NULL;
}

static bool
is_chosen(const struct mlflow *m, const cJSON *doc)
{
	return json_at_is(doc, "experiment.name", m->config.experiment_name);
}

static void
got_experiment(struct mlflow *m, struct mlflow_answer *a)
{
	if (a->outcome != OUTCOME_DONE)
		failed(m, a);
	else if (!is_chosen(m, a->doc))
		blocked(m,
		    "is in another experiment than the one that is chosen: "
		    "leave one of the two out");
	else
		claim(m);
}

static void
ask_experiment(struct mlflow *m)
{
	struct buf path;

	buf_init(&path, PATH_MAX_BYTES);
	buf_adds(&path, "experiments/get?experiment_id=");
	http_escape(&path, m->experiment_id, "");
	mlflow_get(m, path.data, got_experiment);
	buf_release(&path);
}

static void
join(struct mlflow *m, const cJSON *run)
{
	const struct mlflow_config *c = &m->config;

	free(m->run_id);
	free(m->experiment_id);
	free(m->artifact_uri);
	m->run_id = mlflow_id(run, "info.run_id");
	m->experiment_id = mlflow_id(run, "info.experiment_id");
	m->artifact_uri = json_at_text_new(run, "info.artifact_uri");
	if (m->run_id == NULL || m->experiment_id == NULL)
		blocked(m, "was answered without an ID");
	else if (json_at_is(run, "info.lifecycle_stage", "deleted"))
		blocked(m,
		    "was deleted there: restore it (mlflow runs restore), or "
		    "unset MLFLOW_RUN_ID");
	else if (c->experiment_id != NULL &&
	    strcmp(c->experiment_id, m->experiment_id) != 0)
		blocked(m,
		    "is in another experiment than MLFLOW_EXPERIMENT_ID: unset "
		    "one");
	else if (c->experiment_chosen)
		ask_experiment(m);
	else
		claim(m);
}

static void
go_alone(struct mlflow *m)
{
	tracker_note(m->tracker,
	    "run %s has another attempt already: this one has a run of its own",
	    m->config.run_id);
	mlflow_find_experiment(m);
}

static void
got_run(struct mlflow *m, struct mlflow_answer *a)
{
	const cJSON *run = json_at(a->doc, "run");
	const char *tag;

	if (a->outcome != OUTCOME_DONE) {
		failed(m, a);
		return;
	}
	tag = tag_of(run);
	/* A program that names the run in its own call means it. */
	if (tag == NULL || strcmp(tag, m->run->start->attempt) == 0 ||
	    m->run->start->source == SOURCE_LIBRARY)
		join(m, run);
	else
		go_alone(m);
}

void
mlflow_join(struct mlflow *m)
{
	const char *attempt = m->run->start->attempt;
	struct buf path;

	/* Another run of this process may be about to set its tag. */
	if (m->shared->joined_by == NULL)
		m->shared->joined_by = xstrdup(attempt);
	if (strcmp(m->shared->joined_by, attempt) != 0) {
		go_alone(m);
		return;
	}
	buf_init(&path, PATH_MAX_BYTES);
	buf_adds(&path, "runs/get?run_id=");
	http_escape(&path, m->config.run_id, "");
	mlflow_get(m, path.data, got_run);
	buf_release(&path);
}
