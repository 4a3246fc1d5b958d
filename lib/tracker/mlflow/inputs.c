/* The dataset of a run and the models that it tests, at a server that has places
 * for them; an older one answers that there is no such call.
 *
 *	dataset  runs/log-inputs, for the run and each child; sent again it is
 *	         the same
 *	model    logged-models, its PATCH, runs/log-inputs. Made only once: what an
 *	         earlier request may have made is looked for by its run and name
 *
 * The dataset's name and hash stand in the configuration, else in the manifest,
 * at the end. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/digest.h"
#include "format/jsonwrite.h"
#include "tracker/mlflow/names.h"
#include "tracker/mlflow/private.h"

#define NAME_BYTES 8192
/* MLflow's limits, in characters. */
#define DATASET_NAME_MAX 500
#define DIGEST_MAX       32
#define MODEL_NAME_MAX   250
#define PARAM_MAX        250

static void
keep(struct mlflow *m, char **member, const char *name, const char *text)
{
	if (*member != NULL || text == NULL || text[0] == '\0')
		return;
	*member = xstrdup(text);
	tracker_remember_later(m->tracker, name, text);
}

/* What an earlier process has read of entries that don't come again. */
static void
recall(struct mlflow *m)
{
	struct mlflow_inputs *in = &m->inputs;

	if (in->recalled)
		return;
	in->recalled = true;
	keep(m, &in->dataset, "dataset", tracker_recall(m->tracker, "dataset"));
	keep(m, &in->path, "dataset.path",
	    tracker_recall(m->tracker, "dataset.path"));
	keep(m, &in->hash, "dataset.hash",
	    tracker_recall(m->tracker, "dataset.hash"));
}

static const char *
text_of(const struct entry_params *params, const char *name)
{
	for (size_t i = 0; i < params->len; i++)
		if (params->list[i].value.type == VALUE_TEXT &&
		    strcmp(params->list[i].name, name) == 0)
			return params->list[i].value.text;
	return NULL;
}

static void
take_dataset(struct mlflow *m, const struct entry_params *params)
{
	struct mlflow_inputs *in = &m->inputs;

	if (params->config) {
		keep(m, &in->path, "dataset.path",
		    text_of(params, "config.dataset.path"));
		keep(m, &in->dataset, "dataset", in->path);
		keep(m, &in->dataset, "dataset",
		    text_of(params, "config.dataset.name"));
		keep(m, &in->hash, "dataset.hash",
		    text_of(params, "config.dataset.dataset_hash"));
	} else {
		keep(m, &in->dataset, "dataset", text_of(params, "dataset_id"));
		keep(m, &in->hash, "dataset.hash",
		    text_of(params, "dataset_hash"));
	}
}

static void
take_model(struct mlflow *m, const struct entry_params *params)
{
	struct mlflow_inputs *in = &m->inputs;
	const char *name = text_of(params, "model_name");
	const char *provider = text_of(params, "model_provider");
	const struct mlflow_child *child = NULL;

	if (name == NULL || name[0] == '\0')
		return;
	if (tracker_has_own_run(m->tracker, params->experiment))
		child = mlflow_child_find(m, params->experiment);
	for (size_t i = 0; i < in->model_len; i++)
		if (in->models[i].child == child &&
		    strcmp(in->models[i].name, name) == 0)
			return;
	in->models =
	    xreallocarray(in->models, in->model_len + 1, sizeof *in->models);
	in->models[in->model_len++] = (struct mlflow_model){
	    .child = child,
	    .name = xstrdup(name),
	    .provider = provider != NULL ? xstrdup(provider) : NULL,
	};
}

/* A program that uses the library may have params of these names that mean
 * something else. */
void
mlflow_inputs_take(struct mlflow *m, const struct entry *e)
{
	if (e->kind != ENTRY_PARAMS || m->run->start->source == SOURCE_LIBRARY)
		return;
	recall(m);
	take_dataset(m, &e->params);
	if (!e->params.config && m->run->start->records != NULL)
		take_model(m, &e->params);
}

void
mlflow_inputs_end(struct mlflow *m)
{
	if (m->run->start->source != SOURCE_LIBRARY)
		recall(m);
	m->inputs.last = true;
}

/* Must the call be made again? Else the run goes on without what was refused. */
static bool
failed(struct mlflow *m, struct mlflow_answer *a, const char *what)
{
	if (mlflow_has_no_such_call(a))
		a->outcome = OUTCOME_REJECTED;
	if (a->outcome == OUTCOME_RETRY || a->outcome == OUTCOME_BLOCKED) {
		mlflow_send_failed(m, a);
		return true;
	}
	if (a->outcome == OUTCOME_REJECTED)
		tracker_note(m->tracker, "%s: %s", what,
		    mlflow_has_no_such_call(a)
			? "this MLflow server has no place for it"
			: a->err.message);
	return false;
}

static void
put_pair(struct jsonwrite *w, const char *key, const char *value)
{
	jsonwrite_open(w, '{');
	jsonwrite_text_member(w, "key", key);
	mlflow_text_member(w, "value", value, PARAM_MAX);
	jsonwrite_close(w, '}');
}

static void
sent_dataset(struct mlflow *m, struct mlflow_answer *a)
{
	struct mlflow_inputs *in = &m->inputs;

	if (failed(m, a, "the dataset"))
		return;
	in->refused = a->outcome != OUTCOME_DONE;
	if (in->child != NULL)
		in->child->has_dataset = true;
	else
		in->sent = true;
	mlflow_send_on(m);
}

/* A file is a source that MLflow's own client can open by its path; of another
 * it knows the name alone. */
static void
put_source(struct jsonwrite *w, const struct mlflow_inputs *in)
{
	struct jsonwrite inner;
	struct buf text;

	jsonwrite_text_member(
	    w, "source_type", in->path != NULL ? "local" : "code");
	buf_init(&text, NAME_BYTES);
	jsonwrite_init(&inner, &text, JSONWRITE_COMPACT);
	jsonwrite_open(&inner, '{');
	if (in->path != NULL) {
		mlflow_text_member(&inner, "uri", in->path, DATASET_NAME_MAX);
	} else {
		jsonwrite_open_member(&inner, "tags", '{');
		mlflow_text_member(
		    &inner, "dataset", in->dataset, DATASET_NAME_MAX);
		jsonwrite_close(&inner, '}');
	}
	jsonwrite_close(&inner, '}');
	jsonwrite_text_member(w, "source", text.data);
	buf_release(&text);
}

/* "sha256:..." without the word. Without a hash the name alone is known. */
static void
put_digest(struct jsonwrite *w, const struct mlflow_inputs *in)
{
	char *made = in->hash == NULL ? digest_hex(in->dataset) : NULL;
	const char *digest = made != NULL ? made : in->hash;
	const char *colon = strchr(digest, ':');

	mlflow_text_member(w, "digest",
	    colon != NULL && colon[1] != '\0' ? colon + 1 : digest, DIGEST_MAX);
	free(made);
}

static void
send_dataset(struct mlflow *m, const char *run_id)
{
	struct jsonwrite w = mlflow_begin_body(&m->calls[LANE_METRICS].body);

	jsonwrite_text_member(&w, "run_id", run_id);
	jsonwrite_open_member(&w, "datasets", '[');
	jsonwrite_open(&w, '{');
	jsonwrite_open_member(&w, "dataset", '{');
	mlflow_text_member(&w, "name", m->inputs.dataset, DATASET_NAME_MAX);
	put_digest(&w, &m->inputs);
	put_source(&w, &m->inputs);
	jsonwrite_close(&w, '}');
	jsonwrite_open_member(&w, "tags", '[');
	put_pair(&w, "mlflow.data.context", "eval");
	jsonwrite_close(&w, ']');
	jsonwrite_close(&w, '}');
	jsonwrite_close(&w, ']');
	jsonwrite_close(&w, '}');
	mlflow_post(m, "runs/log-inputs", sent_dataset);
}

/* Has it a run, made by this process or an earlier one? */
static bool
is_there(const struct mlflow_child *child)
{
	return child->made || (child->used && child->run_id != NULL);
}

static bool
next_dataset(struct mlflow *m)
{
	struct mlflow_inputs *in = &m->inputs;

	if (in->refused || in->dataset == NULL ||
	    (in->hash == NULL && !in->last))
		return false;
	in->child = NULL;
	if (!in->sent) {
		send_dataset(m, m->run_id);
		return true;
	}
	for (size_t i = 0; i < m->child_len; i++)
		if (is_there(m->children[i]) && !m->children[i]->has_dataset) {
			in->child = m->children[i];
			send_dataset(m, in->child->run_id);
			return true;
		}
	return false;
}

static const char *
model_run(const struct mlflow *m)
{
	const struct mlflow_model *model = m->inputs.model;

	return model->child != NULL ? model->child->run_id : m->run_id;
}

/* The characters that MLflow refuses in the name of a model. */
static char *
model_name(const char *name)
{
	struct buf text;

	buf_init(&text, NAME_BYTES);
	mlflow_text(&text, name, MODEL_NAME_MAX);
	for (size_t i = 0; i < text.len; i++)
		if (strchr("/:.%\"'", text.data[i]) != NULL)
			text.data[i] = '-';
	return buf_steal(&text);
}

static void
sent_model(struct mlflow *m, struct mlflow_answer *a)
{
	struct mlflow_inputs *in = &m->inputs;

	if (failed(m, a, "the model under test"))
		return;
	if (a->outcome != OUTCOME_DONE)
		in->no_models = true;
	else
		in->model->step++;
	mlflow_send_on(m);
}

static void
link_model(struct mlflow *m)
{
	struct jsonwrite w = mlflow_begin_body(&m->calls[LANE_METRICS].body);

	jsonwrite_text_member(&w, "run_id", model_run(m));
	jsonwrite_open_member(&w, "models", '[');
	jsonwrite_open(&w, '{');
	jsonwrite_text_member(&w, "model_id", m->inputs.model->id);
	jsonwrite_close(&w, '}');
	jsonwrite_close(&w, ']');
	jsonwrite_close(&w, '}');
	mlflow_post(m, "runs/log-inputs", sent_model);
}

static void
finish_model(struct mlflow *m)
{
	char *path = xasprintf("logged-models/%s", m->inputs.model->id);
	struct jsonwrite w = mlflow_begin_body(&m->calls[LANE_METRICS].body);

	jsonwrite_text_member(&w, "model_id", m->inputs.model->id);
	jsonwrite_text_member(&w, "status", "LOGGED_MODEL_READY");
	jsonwrite_close(&w, '}');
	mlflow_patch(m, path, sent_model);
	free(path);
}

static void
take_id(struct mlflow *m, struct mlflow_answer *a, const char *path)
{
	m->inputs.model->id = mlflow_id(a->doc, path);
	if (m->inputs.model->id == NULL) {
		a->outcome = OUTCOME_REJECTED;
		err_set(&a->err, -EIO, "a model without an ID was answered");
	}
	sent_model(m, a);
}

static void
made_model(struct mlflow *m, struct mlflow_answer *a)
{
	m->inputs.ambiguous = m->inputs.ambiguous || a->ambiguous;
	if (a->outcome == OUTCOME_DONE)
		take_id(m, a, "model.info.model_id");
	else
		sent_model(m, a);
}

static void
make_model(struct mlflow *m)
{
	const struct mlflow_model *model = m->inputs.model;
	char *name = model_name(model->name);
	struct jsonwrite w = mlflow_begin_body(&m->calls[LANE_METRICS].body);

	jsonwrite_text_member(&w, "experiment_id", m->experiment_id);
	jsonwrite_text_member(&w, "name", name);
	jsonwrite_text_member(&w, "source_run_id", model_run(m));
	jsonwrite_open_member(&w, "params", '[');
	put_pair(&w, "model_name", model->name);
	if (model->provider != NULL)
		put_pair(&w, "model_provider", model->provider);
	jsonwrite_close(&w, ']');
	jsonwrite_close(&w, '}');
	free(name);
	mlflow_post_once(m, "logged-models", made_model);
}

static void
found_model(struct mlflow *m, struct mlflow_answer *a)
{
	if (a->outcome == OUTCOME_DONE && json_at(a->doc, "models.0") != NULL)
		take_id(m, a, "models.0.info.model_id");
	else if (a->outcome == OUTCOME_DONE)
		make_model(m);
	else
		sent_model(m, a);
}

static void
find_model(struct mlflow *m)
{
	char *name = model_name(m->inputs.model->name);
	char *filter = xasprintf(
	    "source_run_id = '%s' AND name = '%s'", model_run(m), name);
	struct jsonwrite w = mlflow_begin_body(&m->calls[LANE_METRICS].body);

	jsonwrite_open_member(&w, "experiment_ids", '[');
	jsonwrite_text(&w, m->experiment_id);
	jsonwrite_close(&w, ']');
	jsonwrite_text_member(&w, "filter", filter);
	jsonwrite_int_member(&w, "max_results", 1);
	jsonwrite_close(&w, '}');
	free(filter);
	free(name);
	mlflow_post(m, "logged-models/search", found_model);
}

static bool
next_model(struct mlflow *m)
{
	struct mlflow_inputs *in = &m->inputs;
	size_t i = 0;

	while (i < in->model_len && in->models[i].step == MODEL_LINKED)
		i++;
	if (in->no_models || i == in->model_len)
		return false;
	in->model = &in->models[i];
	switch (in->model->step) {
	case MODEL_NEW:
		/* An earlier request, of whichever process, may have made it. */
		if (m->ours && !in->ambiguous)
			make_model(m);
		else
			find_model(m);
		break;
	case MODEL_MADE:
		finish_model(m);
		break;
	default:
		link_model(m);
		break;
	}
	return true;
}

bool
mlflow_inputs_next(struct mlflow *m)
{
	return next_dataset(m) || next_model(m);
}

void
mlflow_inputs_release(struct mlflow *m)
{
	struct mlflow_inputs *in = &m->inputs;

	for (size_t i = 0; i < in->model_len; i++) {
		free(in->models[i].name);
		free(in->models[i].provider);
		free(in->models[i].id);
	}
	free(in->models);
	free(in->dataset);
	free(in->path);
	free(in->hash);
	*in = (struct mlflow_inputs){0};
}
