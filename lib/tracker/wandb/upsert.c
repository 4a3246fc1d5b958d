#include "tracker/wandb/upsert.h"

#include <stdlib.h>
#include <string.h>

#define CONFIG_MAX   (16 * 1024 * 1024)
#define PLATFORM_MAX 8192
/* The SDK's telemetry fields: version of the client, platform. */
#define TELEMETRY_CLIENT   "5"
#define TELEMETRY_PLATFORM "13"

/* `more`: variables and members that not every server knows. */
#define UPSERT(more_variables, more_members)                              \
	"mutation UpsertBucket($name:String,$project:String,"             \
	"$entity:String,$displayName:String,$notes:String,"               \
	"$tags:[String!],$group:String,$jobType:String,$host:String,"     \
	"$program:String,$commit:String,$repo:String,"                    \
	"$config:JSONString" more_variables                               \
	"){upsertBucket(input:{name:$name,modelName:$project,"            \
	"entityName:$entity,displayName:$displayName,notes:$notes,"       \
	"tags:$tags,groupName:$group,jobType:$jobType,host:$host,"        \
	"jobProgram:$program,commit:$commit,jobRepo:$repo,config:$"       \
	"config" more_members                                             \
	"}){bucket{id name displayName historyLineCount eventsLineCount " \
	"project{name entity{name}}} inserted}}"

static const char upsert_query[] = UPSERT("", "");
static const char sweep_query[] = UPSERT(",$sweep:String", ",sweep:$sweep");

/* The rest of the run stays as it is. */
static const char summary_query[] =
    "mutation UpsertBucket($name:String,$project:String,$entity:String,"
    "$summaryMetrics:JSONString){upsertBucket(input:{name:$name,"
    "modelName:$project,entityName:$entity,summaryMetrics:$summaryMetrics})"
    "{bucket{id name} inserted}}";

static const char resume_query[] =
    "query RunResumeStatus($name:String!,$project:String,$entity:String){"
    "model(name:$project,entityName:$entity){bucket(name:$name,"
    "missingOk:true){id historyLineCount eventsLineCount summaryMetrics "
    "config}}}";

static void
put_text(struct jsonwrite *w, const char *name, const char *text)
{
	char *clean = text != NULL ? wandb_utf8(text) : NULL;

	jsonwrite_text_member(w, name, clean);
	free(clean);
}

/* Each value wrapped once; a resume by the SDK looks for _wandb.value.t. */
static void
write_config(struct jsonwrite *w, const struct wandb_run *run)
{
	const struct paramset_item *item;
	struct buf platform;

	jsonwrite_open(w, '{');
	TAILQ_FOREACH (item, &run->config.set.list, link) {
		if (run->without_config)
			break;
		jsonwrite_open_member(w, item->name, '{');
		jsonwrite_key(w, "value");
		jsonwrite_raw(w, item->value.text, strlen(item->value.text));
		jsonwrite_close(w, '}');
	}
	buf_init(&platform, PLATFORM_MAX);
	wandb_run_platform(&platform);
	jsonwrite_open_member(w, "_wandb", '{');
	jsonwrite_open_member(w, "value", '{');
	jsonwrite_open_member(w, "t", '{');
	put_text(w, TELEMETRY_CLIENT, WANDB_CLIENT);
	put_text(w, TELEMETRY_PLATFORM, platform.data);
	jsonwrite_close(w, '}');
	jsonwrite_open_member(w, "m", '[');
	jsonwrite_close(w, ']');
	put_text(w, "cli_version", WANDB_CLIENT);
	jsonwrite_close(w, '}');
	jsonwrite_close(w, '}');
	jsonwrite_close(w, '}');
	buf_release(&platform);
}

static void
put_config(struct jsonwrite *w, const struct wandb_run *run)
{
	struct jsonwrite inner;
	struct buf json;

	buf_init(&json, CONFIG_MAX);
	jsonwrite_init(&inner, &json, JSONWRITE_COMPACT);
	write_config(&inner, run);
	put_text(w, "config", buf_overflowed(&json) ? NULL : json.data);
	buf_release(&json);
}

static void
put_start(struct jsonwrite *w, const struct wandb_run *run,
    const struct entry_start *start)
{
	size_t i;

	put_text(w, "notes", run->notes);
	put_text(w, "jobType", run->job_type);
	put_text(w, "host", run->host);
	put_text(w, "program", start->command);
	put_text(w, "commit", run->commit);
	put_text(w, "repo", run->remote);
	if (run->sweep != NULL)
		put_text(w, "sweep", run->sweep);
	/* Those of a run that goes on stay where none are given. */
	if (run->id_given && run->tag_len == 0)
		return;
	jsonwrite_open_member(w, "tags", '[');
	for (i = 0; i < run->tag_len; i++)
		jsonwrite_text(w, run->tags[i]);
	jsonwrite_close(w, ']');
}

void
wandb_ask_resume(struct wandb_call *call, struct wandb_client *client,
    const struct wandb_run *run, wandb_done *done, void *data)
{
	struct jsonwrite w;

	wandb_graphql_begin(call, &w, resume_query);
	put_text(&w, "name", run->id);
	put_text(&w, "project", run->project);
	put_text(&w, "entity", run->entity);
	wandb_graphql_send(call, client, &w, done, data);
}

void
wandb_upsert(struct wandb_call *call, struct wandb_client *client,
    const struct wandb_run *run, const struct entry_start *start,
    wandb_done *done, void *data)
{
	struct jsonwrite w;

	wandb_graphql_begin(call, &w,
	    start != NULL && run->sweep != NULL ? sweep_query : upsert_query);
	put_text(&w, "name", run->id);
	put_text(&w, "project", run->project);
	put_text(&w, "entity", run->entity);
	if (run->name != NULL)
		put_text(&w, "displayName", run->name);
	if (run->group != NULL)
		put_text(&w, "group", run->group);
	if (start != NULL)
		put_start(&w, run, start);
	put_config(&w, run);
	wandb_graphql_send(call, client, &w, done, data);
}

void
wandb_upsert_summary(struct wandb_call *call, struct wandb_client *client,
    const struct wandb_run *run, const char *summary, wandb_done *done,
    void *data)
{
	struct jsonwrite w;

	wandb_graphql_begin(call, &w, summary_query);
	put_text(&w, "name", run->id);
	put_text(&w, "project", run->project);
	put_text(&w, "entity", run->entity);
	put_text(&w, "summaryMetrics", summary);
	wandb_graphql_send(call, client, &w, done, data);
}
