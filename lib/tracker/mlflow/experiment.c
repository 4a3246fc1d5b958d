/* The experiment at the server, found or made exactly once: get-by-name; where there is
 * none, create; where another was faster ("exists already"), get-by-name again. */
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "format/jsonwrite.h"
#include "tracker/mlflow/limits.h"
#include "tracker/mlflow/private.h"

#define EXPERIMENT_TRIES_MAX 3

static void find_experiment(struct mlflow *m);

/* Opens for calls that need no run, and thus no experiment; if there is one, a
 * run that they name is looked for in it. */
static bool
opened_without_run(struct mlflow *m, const struct mlflow_answer *a)
{
	if (!m->run->start->no_run ||
	    (a->outcome != OUTCOME_DONE &&
		strcmp(a->code, "RESOURCE_DOES_NOT_EXIST") != 0))
		return false;
	free(m->experiment_id);
	m->experiment_id = NULL;
	if (a->outcome == OUTCOME_DONE)
		m->experiment_id =
		    mlflow_id(a->doc, "experiment.experiment_id");
	tracker_set_place(m->tracker, m->config.base);
	tracker_done(m->tracker, CALL_OPEN, OUTCOME_DONE, 0, NULL);
	return true;
}

/* Keeps the experiment's ID, so that the other runs of this process need not
 * ask. If somebody deletes it meanwhile, runs/create says so. */
static void
experiment_known(struct mlflow *m)
{
	free(m->shared->experiment_id);
	m->shared->experiment_id = xstrdup(m->experiment_id);
	mlflow_find_parent(m);
}

static void
take_experiment(struct mlflow *m, const cJSON *doc)
{
	const char *name = json_at_text(doc, "experiment.name");
	bool deleted = json_at_is(doc, "experiment.lifecycle_stage", "deleted");
	bool other = m->config.experiment_id != NULL &&
	    m->config.experiment_name != NULL && name != NULL &&
	    strcmp(name, m->config.experiment_name) != 0;

	free(m->experiment_id);
	m->experiment_id = mlflow_id(doc, "experiment.experiment_id");
	if (m->experiment_id == NULL)
		mlflow_block(
		    m, CALL_OPEN, "an experiment without an ID was answered");
	else if (deleted)
		mlflow_block(m, CALL_OPEN,
		    "the experiment was deleted there: restore it (mlflow "
		    "experiments restore), or choose another name with "
		    "--mlflow-experiment");
	else if (other)
		mlflow_block(m, CALL_OPEN,
		    "MLFLOW_EXPERIMENT_ID and the experiment's name are two "
		    "different experiments: unset one");
	else
		experiment_known(m);
}

static void
created_experiment(struct mlflow *m, struct mlflow_answer *a)
{
	if (a->outcome == OUTCOME_DONE) {
		free(m->experiment_id);
		m->experiment_id = mlflow_id(a->doc, "experiment_id");
		if (m->experiment_id != NULL)
			experiment_known(m);
		else
			mlflow_block(m, CALL_OPEN,
			    "an experiment without an ID was answered");
	} else if (strcmp(a->code, "RESOURCE_ALREADY_EXISTS") == 0 &&
	    ++m->experiment_tries < EXPERIMENT_TRIES_MAX) {
		find_experiment(m);
	} else {
		mlflow_fail_open(m, CALL_OPEN, a);
	}
}

static void
create_experiment(struct mlflow *m)
{
	struct buf *body = &m->calls[LANE_METRICS].body;
	struct jsonwrite w;

	w = mlflow_begin_body(body);
	jsonwrite_text_member(&w, "name", m->config.experiment_name);
	jsonwrite_close(&w, '}');
	mlflow_post(m, "experiments/create", created_experiment);
}

static void
found_experiment(struct mlflow *m, struct mlflow_answer *a)
{
	if (opened_without_run(m, a))
		return;
	if (a->outcome == OUTCOME_DONE) {
		take_experiment(m, a->doc);
	} else if (strcmp(a->code, "RESOURCE_DOES_NOT_EXIST") == 0 &&
	    m->config.experiment_id == NULL) {
		create_experiment(m);
	} else {
		mlflow_fail_open(m, CALL_OPEN, a);
	}
}

static void
find_experiment(struct mlflow *m)
{
	const struct mlflow_config *c = &m->config;
	struct buf path;

	buf_init(&path, MLFLOW_BODY_MAX);
	if (c->experiment_id != NULL) {
		buf_adds(&path, "experiments/get?experiment_id=");
		http_escape(&path, c->experiment_id, "");
	} else {
		buf_adds(&path, "experiments/get-by-name?experiment_name=");
		http_escape(&path, c->experiment_name, "");
	}
	mlflow_get(m, path.data, found_experiment);
	buf_release(&path);
}

void
mlflow_find_experiment(struct mlflow *m)
{
	if (m->shared->experiment_id == NULL || m->run->start->no_run) {
		find_experiment(m);
		return;
	}
	free(m->experiment_id);
	m->experiment_id = xstrdup(m->shared->experiment_id);
	mlflow_find_parent(m);
}
