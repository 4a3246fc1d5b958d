/* The model registry of a server: where the model's files are, then the
 * registered model, then its version, each unless it is there already.
 *
 *	source   runs:/ID/path: a run's artifacts. ID is MLflow's, or ours of a
 *	         run that this library tracked, which is known by a tag. Another
 *	         URI is the source as it stands.
 *	model    registered-models/create; "exists already" is fine
 *	version  looked for by the tag itrack.id, which only this call has (an
 *	         answer may have been lost); none: model-versions/create */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "format/jsonwrite.h"
#include "tracker/mlflow/limits.h"
#include "tracker/mlflow/private.h"

#define RUNS_SCHEME   "runs:/"
#define RUN_ID_DIGITS 32
#define EXISTS        "RESOURCE_ALREADY_EXISTS"
#define ID_TAG        "itrack.id"

static const struct entry_register *
current(const struct mlflow *m)
{
	return &m->files->entries[m->file_at].registration;
}

static void
begin_body(struct mlflow *m, struct jsonwrite *w)
{
	struct buf *body = &m->calls[LANE_FILES].body;

	buf_reset(body);
	jsonwrite_init(w, body, JSONWRITE_COMPACT);
	jsonwrite_open(w, '{');
}

static void
made_version(struct mlflow *m, struct mlflow_answer *a)
{
	char *place;

	if (a->outcome == OUTCOME_DONE && m->run->start->no_run) {
		place = xasprintf(
		    "%s/#/models/%s", m->config.base, current(m)->name);
		tracker_set_place(m->tracker, place);
		free(place);
	}
	mlflow_file_settled(m, a);
}

static void
make_version(struct mlflow *m)
{
	const struct entry_register *r = current(m);
	struct jsonwrite w;

	begin_body(m, &w);
	jsonwrite_text_member(&w, "name", r->name);
	jsonwrite_text_member(&w, "source", m->source);
	if (m->source_run != NULL)
		jsonwrite_text_member(&w, "run_id", m->source_run);
	jsonwrite_open_member(&w, "tags", '[');
	jsonwrite_open(&w, '{');
	jsonwrite_text_member(&w, "key", ID_TAG);
	jsonwrite_text_member(&w, "value", r->id);
	jsonwrite_close(&w, '}');
	jsonwrite_close(&w, ']');
	jsonwrite_close(&w, '}');
	mlflow_files_post(m, "model-versions/create", made_version);
}

static void
found_version(struct mlflow *m, struct mlflow_answer *a)
{
	const cJSON *version = json_at(a->doc, "model_versions.0");

	if (a->outcome == OUTCOME_DONE && cJSON_IsObject(version))
		made_version(m, a);
	else if (a->outcome == OUTCOME_DONE)
		make_version(m);
	else
		mlflow_file_settled(m, a);
}

static void
made_model(struct mlflow *m, struct mlflow_answer *a)
{
	struct buf path;
	char *filter;

	if (a->outcome != OUTCOME_DONE && strcmp(a->code, EXISTS) != 0) {
		mlflow_file_settled(m, a);
		return;
	}
	filter = xasprintf("tags.`" ID_TAG "` = '%s'", current(m)->id);
	buf_init(&path, MLFLOW_BODY_MAX);
	buf_adds(&path, "model-versions/search?max_results=1&filter=");
	http_escape(&path, filter, "");
	mlflow_files_get(m, path.data, found_version);
	buf_release(&path);
	free(filter);
}

static void
make_model(struct mlflow *m)
{
	struct jsonwrite w;

	begin_body(m, &w);
	jsonwrite_text_member(&w, "name", current(m)->name);
	jsonwrite_close(&w, '}');
	mlflow_files_post(m, "registered-models/create", made_model);
}

static void
set_source(struct mlflow *m, char *source, char *run_id)
{
	free(m->source);
	free(m->source_run);
	m->source = source;
	m->source_run = run_id;
}

/* What follows the ID in "runs:/ID/path", with its slash. */
static const char *
path_of(const char *uri)
{
	const char *rest = uri + strlen(RUNS_SCHEME);

	return rest + strcspn(rest, "/");
}

static bool
take_run(struct mlflow *m, const cJSON *run)
{
	char *run_id = mlflow_id(run, "info.run_id");
	const char *artifacts = json_at_text(run, "info.artifact_uri");
	bool known = run_id != NULL && artifacts != NULL;

	if (known)
		set_source(m,
		    xasprintf("%s%s", artifacts, path_of(current(m)->uri)),
		    xstrdup(run_id));
	free(run_id);
	return known;
}

/* A run of ours that is not there (yet): its journal may be still to be
 * delivered. */
static void
no_run_yet(struct mlflow *m, struct mlflow_answer *a)
{
	a->outcome = OUTCOME_RETRY;
	err_set(&a->err, -EAGAIN,
	    "%s: no run of that ID is at the server (yet)", current(m)->uri);
	mlflow_file_settled(m, a);
}

/* `at`: where the answer has the run. */
static void
answered_run(struct mlflow *m, struct mlflow_answer *a, const char *at)
{
	const cJSON *run = json_at(a->doc, at);

	if (a->outcome == OUTCOME_DONE && take_run(m, run))
		make_model(m);
	else if (a->outcome == OUTCOME_DONE)
		no_run_yet(m, a);
	else
		mlflow_file_settled(m, a);
}

static void
got_run(struct mlflow *m, struct mlflow_answer *a)
{
	answered_run(m, a, "run");
}

static void
found_run(struct mlflow *m, struct mlflow_answer *a)
{
	answered_run(m, a, "runs.0");
}

/* The newest run that has this ID of ours. */
static enum outcome
find_run(struct mlflow *m, const char *id, struct err *err)
{
	struct jsonwrite w;
	char *filter;

	if (m->experiment_id == NULL) {
		err_set(err, -EAGAIN,
		    "%s: no run of that ID is at the server (yet)",
		    current(m)->uri);
		return OUTCOME_RETRY;
	}
	if (strchr(id, '\'') != NULL) {
		err_set(err, -EINVAL,
		    "an ID with a quote can't be looked for: give MLflow's own "
		    "run ID");
		return OUTCOME_REJECTED;
	}
	filter = xasprintf("tags.`" MLFLOW_OUR_ID_TAG "` = '%s'", id);
	begin_body(m, &w);
	jsonwrite_open_member(&w, "experiment_ids", '[');
	jsonwrite_text(&w, m->experiment_id);
	jsonwrite_close(&w, ']');
	jsonwrite_text_member(&w, "filter", filter);
	jsonwrite_open_member(&w, "order_by", '[');
	jsonwrite_text(&w, "attributes.start_time DESC");
	jsonwrite_close(&w, ']');
	jsonwrite_int_member(&w, "max_results", 1);
	jsonwrite_close(&w, '}');
	free(filter);
	mlflow_files_post(m, "runs/search", found_run);
	return OUTCOME_PENDING;
}

static enum outcome
find_source(struct mlflow *m, const char *id, struct err *err)
{
	const char *own = m->run->run_id;
	char *path;

	if (m->run_id != NULL &&
	    (strcmp(id, m->run_id) == 0 ||
		(own != NULL && strcmp(id, own) == 0))) {
		set_source(m,
		    xasprintf(
			"%s%s", m->artifact_uri, path_of(current(m)->uri)),
		    xstrdup(m->run_id));
		make_model(m);
		return OUTCOME_PENDING;
	}
	if (strspn(id, "0123456789abcdef") != RUN_ID_DIGITS ||
	    strlen(id) != RUN_ID_DIGITS)
		return find_run(m, id, err);
	path = xasprintf("runs/get?run_id=%s", id);
	mlflow_files_get(m, path, got_run);
	free(path);
	return OUTCOME_PENDING;
}

enum outcome
mlflow_register(
    struct mlflow *m, const struct entry_register *r, struct err *err)
{
	const char *rest;
	enum outcome outcome;
	char *id;

	if (strncmp(r->uri, RUNS_SCHEME, strlen(RUNS_SCHEME)) != 0) {
		set_source(m, xstrdup(r->uri), NULL);
		make_model(m);
		return OUTCOME_PENDING;
	}
	rest = r->uri + strlen(RUNS_SCHEME);
	id = xstrndup(rest, strcspn(rest, "/"));
	outcome = find_source(m, id, err);
	free(id);
	return outcome;
}
