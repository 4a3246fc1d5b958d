#include "tracker/wandb/server_run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "tracker/wandb/upsert.h"

/* Integers up to it are exact as doubles. */
#define COUNT_MAX 9007199254740992.0

void
wandb_server_run_init(struct wandb_server_run *l, struct wandb_client *client,
    struct wandb_run *run)
{
	*l = (struct wandb_server_run){.client = client, .run = run};
	if (run->entity != NULL)
		wandb_stream_init(&l->stream, client, run);
}

void
wandb_server_run_release(struct wandb_server_run *l)
{
	if (l->client == NULL)
		return;
	wandb_stream_release(&l->stream);
	wandb_call_release(&l->call);
	*l = (struct wandb_server_run){0};
}

void
wandb_server_run_upsert(struct wandb_server_run *l,
    const struct entry_start *start, wandb_done *done, void *data)
{
	l->run->config_changed = l->run->name_changed = false;
	l->updated_ms = clock_mono_ms();
	wandb_upsert(&l->call, l->client, l->run, start, done, data);
}

static void
replace(char **text, char *with)
{
	if (with == NULL)
		return;
	free(*text);
	*text = with;
}

/* It becomes a part of a path, where dots would lead elsewhere. */
static bool
is_name(const char *text)
{
	return text != NULL && text[0] != '\0' && strcmp(text, ".") != 0 &&
	    strcmp(text, "..") != 0;
}

/* A number of lines, exact as a double; 0: none, or not such a number. */
static int64_t
count_of(const cJSON *item)
{
	double value = cJSON_IsNumber(item) ? item->valuedouble : 0;

	return value > 0 && value <= COUNT_MAX ? (int64_t)value : 0;
}

/* The place of the run of an experiment is known before, from the run itself;
 * its rows are on their way there. */
int
wandb_server_run_found(struct wandb_server_run *l,
    const struct wandb_reply *reply, struct err *err)
{
	const cJSON *bucket = json_at(reply->data, "upsertBucket.bucket");
	const struct wandb_lines_there there = {
	    .history = count_of(json_at(bucket, "historyLineCount")),
	    .events = count_of(json_at(bucket, "eventsLineCount"))};
	struct wandb_run *run = l->run;

	if (run->experiment == ENTRY_NO_EXPERIMENT) {
		replace(
		    &run->project, json_at_text_new(bucket, "project.name"));
		replace(&run->entity,
		    json_at_text_new(bucket, "project.entity.name"));
	}
	if (!cJSON_IsObject(bucket) || !is_name(run->entity) ||
	    !is_name(run->project))
		return err_set(
		    err, -EPROTO, "W&B's answer does not name the run");
	if (run->experiment == ENTRY_NO_EXPERIMENT) {
		wandb_stream_release(&l->stream);
		wandb_stream_init(&l->stream, l->client, run);
	}
	wandb_stream_confirmed(&l->stream, &there);
	l->open = true;
	return 0;
}

bool
wandb_server_run_has_update(const struct wandb_server_run *l)
{
	return l->run->config_changed || l->run->name_changed;
}

bool
wandb_server_run_updated(struct wandb_server_run *l, struct wandb_reply *reply)
{
	if (reply->outcome == OUTCOME_REJECTED) {
		tracker_note(l->client->t, "the config was refused: %s",
		    reply->err.message);
		reply->outcome = OUTCOME_DONE;
	}
	if (reply->outcome != OUTCOME_DONE)
		l->run->config_changed = true;
	return reply->outcome == OUTCOME_DONE;
}
