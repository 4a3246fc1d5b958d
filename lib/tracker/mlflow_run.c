/* What a run is created with: its name, its times, the tags that MLflow's UI
 * shows. */
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/path.h"
#include "format/json.h"
#include "format/jsonwrite.h"
#include "run/gitcommit.h"
#include "tracker/mlflow_names.h"
#include "tracker/mlflow_private.h"

/* MLflow's database has room for so many characters. */
#define RUN_NAME_MAX 250
#define USER_MAX     256
#define TEXT_BYTES   (1024 * 1024)

char *
mlflow_run_name(const struct run_info *run)
{
	const struct entry_start *start = run->start;

	if (start->run_name != NULL && start->run_name[0] != '\0')
		return xstrdup(start->run_name);
	if (run->run_id != NULL)
		return xstrdup(run->run_id);
	if (start->config_path != NULL)
		return xstrdup(path_base(start->config_path));
	return xstrdup(start->command != NULL ? start->command : "run");
}

static void
put_cut(struct jsonwrite *w, const char *key, const char *text, size_t max)
{
	struct buf value;

	if (text == NULL)
		return;
	buf_init(&value, TEXT_BYTES);
	mlflow_text(&value, text, max);
	jsonwrite_key(w, key);
	jsonwrite_text(w, value.data);
	buf_release(&value);
}

static void
put_tag(struct jsonwrite *w, const char *key, const char *value)
{
	struct buf name;

	if (value == NULL)
		return;
	buf_init(&name, TEXT_BYTES);
	mlflow_key(&name, "", key);
	jsonwrite_open(w, '{');
	jsonwrite_key(w, "key");
	jsonwrite_text(w, name.data);
	put_cut(w, "value", value, MLFLOW_TAG_VALUE_MAX);
	jsonwrite_close(w, '}');
	buf_release(&name);
}

/* --tag name=value; a word alone is a name with an empty value. */
static void
put_user_tag(struct jsonwrite *w, const char *text)
{
	size_t len = strcspn(text, "=");
	char *name = xstrndup(text, len);

	put_tag(w, name, text[len] == '=' ? text + len + 1 : "");
	free(name);
}

/* MLFLOW_RUN_CONTEXT: an object of texts. */
static void
put_context(struct jsonwrite *w, const char *context)
{
	struct json_span doc, key, value;
	struct jsonscan s;

	if (context == NULL ||
	    json_document(context, strlen(context), &doc, NULL) < 0)
		return;
	jsonscan_init_span(&s, &doc);
	if (jsonscan_enter(&s, '{') < 0)
		return;
	while (
	    jsonscan_member(&s, &key) > 0 && jsonscan_value(&s, &value) == 0) {
		char *name = json_text_new(&key);
		char *text = json_text_new(&value);

		if (name != NULL && text != NULL)
			put_tag(w, name, text);
		free(name);
		free(text);
	}
}

static void
put_given_tags(struct jsonwrite *w, const struct mlflow *m)
{
	const struct entry_start *start = m->run->start;

	put_tag(w, "mlflow.note.content", start->notes);
	for (size_t i = 0; i < start->tag_len; i++)
		put_user_tag(w, start->tags[i]);
	put_context(w, m->config.run_context);
}

static void
put_tags(struct jsonwrite *w, const struct mlflow *m)
{
	const struct entry_start *start = m->run->start;
	char *commit = git_commit(start->cwd);

	put_tag(w, "itrack.id", m->wanted.id);
	if (m->wanted.child != NULL)
		put_tag(w, "mlflow.parentRunId", m->run_id);
	else
		put_tag(w, "mlflow.parentRunId", m->parent_id);
	if (start->source == SOURCE_LIBRARY)
		put_tag(w, MLFLOW_OUR_ID_TAG, m->run->run_id);
	put_tag(w, "mlflow.user", start->user);
	put_tag(w, "mlflow.source.name",
	    start->config_path != NULL ? start->config_path : start->command);
	put_tag(w, "mlflow.source.type", "LOCAL");
	put_tag(w, "mlflow.source.git.commit", commit);
	put_given_tags(w, m);
	free(commit);
}

void
mlflow_run_body(const struct mlflow *m, struct buf *body)
{
	struct jsonwrite w;

	buf_reset(body);
	jsonwrite_init(&w, body, JSONWRITE_COMPACT);
	jsonwrite_open(&w, '{');
	jsonwrite_key(&w, "experiment_id");
	jsonwrite_text(&w, m->experiment_id);
	jsonwrite_key(&w, "start_time");
	jsonwrite_int(&w, m->run->started_us / 1000);
	put_cut(&w, "run_name", m->wanted.name, RUN_NAME_MAX);
	put_cut(&w, "user_id", m->run->start->user, USER_MAX);
	jsonwrite_key(&w, "tags");
	jsonwrite_open(&w, '[');
	put_tags(&w, m);
	jsonwrite_close(&w, ']');
	jsonwrite_close(&w, '}');
}

void
mlflow_claim_body(const struct mlflow *m, struct buf *body)
{
	struct jsonwrite w;

	buf_reset(body);
	jsonwrite_init(&w, body, JSONWRITE_COMPACT);
	jsonwrite_open(&w, '{');
	jsonwrite_text_member(&w, "run_id", m->run_id);
	jsonwrite_key(&w, "tags");
	jsonwrite_open(&w, '[');
	put_tag(&w, "itrack.id", m->run->start->attempt);
	put_given_tags(&w, m);
	jsonwrite_close(&w, ']');
	jsonwrite_close(&w, '}');
}
