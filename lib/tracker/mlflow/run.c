/* What a run is created with: its name, its times, the tags that MLflow's UI
 * shows. */
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "foreign/json.h"
#include "format/jsonwrite.h"
#include "tracker/mlflow/names.h"
#include "tracker/mlflow/private.h"
#include "tracker/common/display.h"
#include "tracker/mlflow/limits.h"

/* MLflow's database has room for so many characters. */
#define RUN_NAME_MAX 250
#define USER_MAX     256

/* Notes how a user's tag had to be changed. */
static void
say(const struct mlflow *m, const char *name, unsigned did)
{
	if (did & MLFLOW_TAG_RENAMED)
		tracker_altered(m->tracker,
		    "tag %s: MLflow refuses that name, another one stands in "
		    "its place",
		    name);
	if (did & MLFLOW_TAG_CUT)
		tracker_altered(m->tracker,
		    "tag %s: the value was cut to %d characters", name,
		    MLFLOW_TAG_VALUE_MAX);
}

/* The user's tags that are at work in one list, and what they say. */
struct given {
	const struct mlflow *m;
	struct mlflow_tags *tags;
	struct mlflow_tags seen; /* by the same means: twice is said */
};

static void
put_given(struct given *g, const char *name, const char *value)
{
	say(g->m, name, mlflow_tags_put(g->tags, name, value));
	if (mlflow_tags_put(&g->seen, name, value) & MLFLOW_TAG_REPLACED)
		tracker_altered(g->m->tracker,
		    "tag %s: given more than once, the last value stands",
		    name);
}

/* --tag name=value; a word alone is a name with an empty value, or with "true"
 * as insideLLMs' own tracker has it. */
static void
put_user_tag(struct given *g, const char *text)
{
	bool library = g->m->run->start->source == SOURCE_LIBRARY;
	size_t len = strcspn(text, "=");
	char *name = xstrndup(text, len);

	put_given(g, name,
	    text[len] == '=' ? text + len + 1
		: library    ? "true"
			     : "");
	free(name);
}

/* MLFLOW_RUN_CONTEXT: an object of texts. */
static void
put_context(struct given *g, const char *context)
{
	const cJSON *member;
	cJSON *doc = NULL;

	if (context != NULL)
		json_document(context, strlen(context), &doc, NULL);
	cJSON_ArrayForEach (member, doc)
		if (member->string != NULL && cJSON_IsString(member))
			put_given(g, member->string, member->valuestring);
	cJSON_Delete(doc);
}

/* The variable has a lower rank than the command line, as everywhere. */
static void
put_all_given(const struct mlflow *m, struct mlflow_tags *tags)
{
	const struct entry_start *start = m->run->start;
	struct given g = {.m = m, .tags = tags};

	mlflow_tags_put(tags, MLFLOW_NOTE_TAG, start->notes);
	put_context(&g, m->config.run_context);
	mlflow_tags_release(&g.seen);
	for (size_t i = 0; i < start->tag_len; i++)
		put_user_tag(&g, start->tags[i]);
	mlflow_tags_release(&g.seen);
}

static void
put_own(const struct mlflow *m, struct mlflow_tags *tags)
{
	const struct entry_start *start = m->run->start;

	mlflow_tags_put(tags, MLFLOW_USER_TAG, start->user);
	mlflow_tags_put(tags, "mlflow.source.name",
	    start->config_path != NULL ? start->config_path : start->command);
	mlflow_tags_put(tags, "mlflow.source.type", "LOCAL");
	mlflow_tags_put(tags, "mlflow.source.git.commit", start->git_commit);
	if (start->source != SOURCE_LIBRARY)
		mlflow_tags_put(tags, MLFLOW_TYPE_TAG, "genai_evaluate");
	for (size_t i = 0; i < start->where_len; i++)
		mlflow_tags_put(
		    tags, start->where[i].name, start->where[i].text);
	mlflow_tags_put(tags, MLFLOW_GROUP_TAG, entry_start_group(start));
}

/* The tags that identify the run and tie a child to it; nobody else may set
 * them. */
static void
put_needed(const struct mlflow *m, struct mlflow_tags *tags,
    const struct mlflow_tagged *run)
{
	const struct entry_start *start = m->run->start;
	const struct {
		const char *name, *value;
	} needed[] = {
	    {MLFLOW_ID_TAG, run->id},
	    {MLFLOW_PARENT_TAG, run->child ? run->parent : NULL},
	    {MLFLOW_OUR_ID_TAG,
		start->source == SOURCE_LIBRARY ? m->run->run_id : NULL},
	};

	for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
		if (mlflow_tags_put(tags, needed[i].name, needed[i].value) &
		    MLFLOW_TAG_REPLACED)
			tracker_altered(m->tracker,
			    "tag %s: itrack finds the run by it, the given "
			    "value is left out",
			    needed[i].name);
}

void
mlflow_run_tags(const struct mlflow *m, enum mlflow_tag_set set,
    const struct mlflow_tagged *run, struct mlflow_tags *tags)
{
	if (set == MLFLOW_TAGS_ALL)
		put_own(m, tags);
	if (set != MLFLOW_TAGS_GIVEN)
		mlflow_tags_put(tags, MLFLOW_PARENT_TAG, run->parent);
	if (set != MLFLOW_TAGS_NEEDED)
		put_all_given(m, tags);
	put_needed(m, tags, run);
	/* A name stands in a member of its own, and both must agree. */
	if (set == MLFLOW_TAGS_ALL)
		mlflow_tags_remove(tags, MLFLOW_NAME_TAG);
}

struct mlflow_tagged
mlflow_wanted_tagged(const struct mlflow *m)
{
	bool child = m->wanted.child != NULL;

	return (struct mlflow_tagged){.id = m->wanted.id,
	    .child = child,
	    .parent = child ? m->run_id : m->parent_id};
}

/* The name given by MLflow's own tag; NULL: it gives none. */
static char *
given_name(const struct mlflow *m)
{
	struct mlflow_tags tags = {0};
	const char *name;
	char *copy;

	put_all_given(m, &tags);
	name = mlflow_tags_get(&tags, MLFLOW_NAME_TAG);
	copy = name != NULL && name[0] != '\0' ? xstrdup(name) : NULL;
	mlflow_tags_release(&tags);
	return copy;
}

char *
mlflow_run_name(const struct mlflow *m, bool *given)
{
	const struct entry_start *start = m->run->start;
	char *name = given_name(m);

	*given = name != NULL;
	return name != NULL ? name : display_name(start, m->run->run_id);
}

/* "tags":[...] */
static void
put_list(struct jsonwrite *w, const struct mlflow_tags *tags)
{
	jsonwrite_open_member(w, "tags", '[');
	for (size_t i = 0; i < tags->len; i++) {
		jsonwrite_open(w, '{');
		jsonwrite_text_member(w, "key", tags->list[i].key);
		jsonwrite_text_member(w, "value", tags->list[i].value);
		jsonwrite_close(w, '}');
	}
	jsonwrite_close(w, ']');
}

void
mlflow_run_body(const struct mlflow *m, struct buf *body)
{
	struct mlflow_tagged run = mlflow_wanted_tagged(m);
	struct mlflow_tags tags = {0};
	struct jsonwrite w;

	mlflow_run_tags(m,
	    m->wanted.bare ? MLFLOW_TAGS_NEEDED : MLFLOW_TAGS_ALL, &run, &tags);
	w = mlflow_begin_body(body);
	jsonwrite_text_member(&w, "experiment_id", m->experiment_id);
	jsonwrite_int_member(&w, "start_time", m->run->started_us / 1000);
	mlflow_text_member(&w, "run_name", m->wanted.name, RUN_NAME_MAX);
	mlflow_text_member(
	    &w, "user_id", mlflow_tags_get(&tags, MLFLOW_USER_TAG), USER_MAX);
	put_list(&w, &tags);
	jsonwrite_close(&w, '}');
	mlflow_tags_release(&tags);
}

void
mlflow_claim_body(const struct mlflow *m, struct buf *body)
{
	struct mlflow_tagged run = {.id = m->wanted.id};
	struct mlflow_tags tags = {0};
	struct jsonwrite w;

	mlflow_run_tags(m,
	    m->wanted.bare ? MLFLOW_TAGS_NEEDED : MLFLOW_TAGS_GIVEN, &run,
	    &tags);
	w = mlflow_begin_body(body);
	jsonwrite_text_member(&w, "run_id", m->run_id);
	put_list(&w, &tags);
	jsonwrite_close(&w, '}');
	mlflow_tags_release(&tags);
}
