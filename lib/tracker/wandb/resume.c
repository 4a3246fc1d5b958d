#include "tracker/wandb/resume.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Integers up to it are exact as doubles. */
#define COUNT_MAX 9007199254740992.0
/* Of W&B's own, which is made anew. */
#define OWN "_wandb"

/* The object that stands in the text; NULL: none. */
static cJSON *
document_in(const cJSON *bucket, const char *name)
{
	const char *text = json_at_text(bucket, name);
	cJSON *root = NULL;

	if (text != NULL)
		json_document(text, strlen(text), &root, NULL);
	return root;
}

static void
keep(struct wandb_values *values, const char *name, const cJSON *value)
{
	char *json;

	if (name == NULL || value == NULL || strcmp(name, OWN) == 0)
		return;
	json = cJSON_PrintUnformatted(value);
	if (json != NULL)
		wandb_values_json(values, name, json);
	cJSON_free(json);
}

/* The config is sent as a whole, so that it must have what was there. */
static void
keep_config(struct wandb_run *run, const cJSON *bucket)
{
	cJSON *config = document_in(bucket, "config");
	const cJSON *member;

	cJSON_ArrayForEach (member, config)
		keep(&run->config, member->string,
		    cJSON_GetObjectItemCaseSensitive(member, "value"));
	cJSON_Delete(config);
}

static int64_t
whole_number(const cJSON *item)
{
	double value = cJSON_IsNumber(item) ? item->valuedouble : -1;

	return value >= 0 && value <= COUNT_MAX ? (int64_t)value : -1;
}

/* Returns the last step; -1: it has none. */
static int64_t
keep_summary(struct wandb_run *run, const cJSON *bucket)
{
	cJSON *summary = document_in(bucket, "summaryMetrics");
	int64_t step =
	    whole_number(cJSON_GetObjectItemCaseSensitive(summary, "_step"));
	const cJSON *member;

	cJSON_ArrayForEach (member, summary)
		keep(&run->rows.summary, member->string, member);
	cJSON_Delete(summary);
	return step;
}

int
wandb_resume_take(struct wandb_run *run, const cJSON *data, const char *mode,
    bool before, struct err *err)
{
	const cJSON *bucket = json_at(data, "model.bucket");
	bool there = cJSON_IsObject(bucket);
	int64_t step, lines, events;

	if (!before && !there && mode != NULL && strcmp(mode, "must") == 0)
		return err_set(err, -ENOENT,
		    "there is no run %s to go on with (resume: must)", run->id);
	if (!before && there && mode != NULL && strcmp(mode, "never") == 0)
		return err_set(err, -EEXIST,
		    "the run %s is there already (resume: never)", run->id);
	if (!there)
		return 0;
	keep_config(run, bucket);
	step = keep_summary(run, bucket);
	lines = whole_number(json_at(bucket, "historyLineCount"));
	events = whole_number(json_at(bucket, "eventsLineCount"));
	if (!before) {
		run->lines_before = lines > 0 ? lines : 0;
		run->events_before = events > 0 ? events : 0;
		run->first_step = step + 1;
		run->rows.last_before = step;
	}
	return 0;
}
