#include "tracker/wandb/online.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "tracker/wandb/system.h"
#include "tracker/wandb/upsert.h"

/* W&B's own pace: a request each 15 s, a sign of life after 30 s without. */
#define PACE_MS      15000
#define HEARTBEAT_MS 30000
/* So much that waits goes up before its time, or an import would take hours. */
#define FULL_ENTRIES 500
#define FULL_BYTES   (1024 * 1024)
#define PLACE_MAX    8192
/* Integers up to it are exact as doubles. */
#define COUNT_MAX 9007199254740992.0

/* Everything the first time, later what may have changed. */
static void
upsert(struct wandb_online *o, bool whole, wandb_done *done)
{
	o->run->config_changed = o->run->name_changed = false;
	o->updated_ms = clock_mono_ms();
	wandb_upsert(
	    &o->call, &o->client, o->run, whole ? o->start : NULL, done, o);
}

void
wandb_online_show(struct wandb_online *o, const struct wandb_settings *settings)
{
	static const char api[] = "https://api.wandb.ai";
	struct buf url;

	buf_init(&url, PLACE_MAX);
	buf_adds(&url,
	    strcmp(settings->base_url, api) == 0 ? "https://wandb.ai"
						 : settings->base_url);
	buf_addc(&url, '/');
	http_escape(&url, o->run->entity, "");
	buf_addc(&url, '/');
	http_escape(&url, o->run->project, "");
	buf_adds(&url, "/runs/");
	http_escape(&url, o->run->id, "");
	tracker_set_place(o->t, url.data);
	buf_release(&url);
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

static void
on_opened(struct wandb_call *call, const struct wandb_reply *reply)
{
	struct wandb_online *o = call->data;
	struct wandb_reply passed = *reply;
	struct wandb_lines_there there;
	const cJSON *bucket;

	if (reply->status == HTTP_TOO_LARGE && !o->run->without_config) {
		tracker_refused(o->t, "rejected",
		    "the config is too large for the server (HTTP 413)");
		o->run->without_config = true;
		upsert(o, true, on_opened);
		return;
	}
	if (reply->outcome != OUTCOME_DONE) {
		o->opened(o->data, reply);
		return;
	}
	bucket = json_at(reply->data, "upsertBucket.bucket");
	replace(&o->run->project, json_at_text_new(bucket, "project.name"));
	replace(
	    &o->run->entity, json_at_text_new(bucket, "project.entity.name"));
	there.history = count_of(json_at(bucket, "historyLineCount"));
	there.events = count_of(json_at(bucket, "eventsLineCount"));
	if (!cJSON_IsObject(bucket) || !is_name(o->run->entity) ||
	    !is_name(o->run->project)) {
		passed.outcome = OUTCOME_REJECTED;
		err_set(
		    &passed.err, -EPROTO, "W&B's answer does not name the run");
		o->opened(o->data, &passed);
		return;
	}
	wandb_stream_init(&o->stream, &o->client, o->run, &there);
	wandb_upload_init(
	    &o->upload, &o->client, o->run, &o->stream, o->start->host);
	o->opened(o->data, &passed);
}

enum outcome
wandb_online_open(struct wandb_online *o, struct tracker *t,
    const struct run_info *info, const struct wandb_settings *settings,
    struct wandb_run *run, struct err *err)
{
	o->t = t;
	o->run = run;
	o->start = info->start;
	if (o->client.http == NULL &&
	    wandb_client_open(&o->client, t->loop, settings, err) < 0)
		return OUTCOME_BLOCKED;
	o->client.t = t;
	upsert(o, true, on_opened);
	return OUTCOME_PENDING;
}

void
wandb_online_row(struct wandb_online *o)
{
	wandb_stream_row(&o->stream);
}

static void
note_news(struct wandb_online *o)
{
	if (o->stream.stopped)
		tracker_note(
		    o->t, "the run was stopped in W&B; it goes on here");
	if (o->stream.lost)
		tracker_note(o->t, "a row was too long for W&B: left out");
}

static void
answer_metrics(struct wandb_online *o, const struct wandb_reply *reply)
{
	struct batch *batch = o->batch;
	size_t done = reply->outcome == OUTCOME_DONE ? o->confirms : 0;

	o->batch = NULL;
	batch->done = done;
	/* A row is one entry or more: one of them counts. */
	batch->rejected =
	    o->stream.rows_refused < done ? o->stream.rows_refused : done;
	o->stream.rows_refused -= batch->rejected;
	o->taken -= done;
	o->whole -= done;
	tracker_done(o->t, CALL_SEND_METRICS,
	    reply->outcome == OUTCOME_REJECTED ? OUTCOME_BLOCKED
					       : reply->outcome,
	    reply->retry_after_ms, &reply->err);
}

/* Is the answer that the request was too large, and can it be smaller? */
static bool
is_too_large(struct wandb_online *o, const struct wandb_reply *reply)
{
	return reply->status == HTTP_TOO_LARGE &&
	    wandb_stream_shrink(&o->stream);
}

static void
on_stream(struct wandb_call *call, const struct wandb_reply *reply)
{
	struct wandb_online *o = call->data;

	if (is_too_large(o, reply)) {
		wandb_stream_post(&o->stream, NULL, on_stream, o);
		return;
	}
	if (reply->outcome == OUTCOME_DONE) {
		wandb_stream_answered(&o->stream, reply);
		note_news(o);
		if (wandb_stream_has_lines(&o->stream)) {
			wandb_stream_post(&o->stream, NULL, on_stream, o);
			return;
		}
	}
	answer_metrics(o, reply);
}

/* Is the update of the config done with? A refusal (it may be too large) costs
 * the config, not the run. */
static bool
is_over(struct wandb_online *o, struct wandb_reply *reply)
{
	if (reply->outcome == OUTCOME_REJECTED) {
		tracker_note(
		    o->t, "the config was refused: %s", reply->err.message);
		reply->outcome = OUTCOME_DONE;
	}
	if (reply->outcome != OUTCOME_DONE)
		o->run->config_changed = true;
	return reply->outcome == OUTCOME_DONE;
}

static void
on_update(struct wandb_call *call, const struct wandb_reply *reply)
{
	struct wandb_online *o = call->data;

	struct wandb_reply passed = *reply;

	if (is_over(o, &passed) && wandb_stream_has_news(&o->stream))
		wandb_stream_post(&o->stream, NULL, on_stream, o);
	else
		answer_metrics(o, &passed);
}

/* The entries behind those that were taken before. */
static void
take(struct wandb_online *o, const struct batch *batch)
{
	const struct entry *e;
	int64_t step;

	for (; o->taken < batch->count; o->taken++) {
		e = &batch->entries[o->taken];
		step = o->run->rows.open ? o->run->rows.step : -1;
		if (wandb_is_system(e))
			wandb_stream_event(&o->stream, e);
		else
			wandb_run_take(o->run, e);
		if (!o->run->rows.open)
			o->whole = o->taken + 1;
		else if (o->run->rows.step != step)
			o->whole = o->taken;
	}
	if (batch->last) {
		wandb_rows_close(&o->run->rows);
		o->whole = o->taken;
	}
}

static bool
has_update(const struct wandb_online *o)
{
	return o->run->config_changed || o->run->name_changed;
}

static bool
is_due(const struct wandb_online *o, const struct batch *batch)
{
	const struct wandb_stream *s = &o->stream;
	int64_t now_ms = clock_mono_ms();
	int64_t since_ms = now_ms - s->last_ms;

	if (s->waiting)
		return true;
	if (now_ms < s->quiet_until_ms && !batch->last)
		return false;
	if (wandb_stream_has_news(s))
		return batch->last || s->last_ms == 0 || since_ms >= PACE_MS ||
		    batch->count >= FULL_ENTRIES ||
		    s->history.bytes + s->events.bytes >= FULL_BYTES;
	if (has_update(o))
		return batch->last || now_ms - o->updated_ms >= PACE_MS;
	return s->last_ms != 0 && since_ms >= HEARTBEAT_MS;
}

static enum outcome
send_metrics(struct wandb_online *o, struct batch *batch)
{
	take(o, batch);
	if (!is_due(o, batch)) {
		batch->done = 0;
		return OUTCOME_DONE;
	}
	o->batch = batch;
	o->confirms = o->whole;
	if (!o->stream.waiting && has_update(o))
		upsert(o, false, on_update);
	else
		wandb_stream_post(&o->stream, NULL, on_stream, o);
	return OUTCOME_PENDING;
}

enum outcome
wandb_online_send(struct wandb_online *o, struct batch *batch, struct err *err)
{
	(void)err;
	if (batch->lane == LANE_METRICS)
		return send_metrics(o, batch);
	wandb_upload_send(&o->upload, batch);
	return OUTCOME_PENDING;
}

static void
answer_finish(struct wandb_online *o, const struct wandb_reply *reply)
{
	tracker_done(o->t, CALL_FINISH,
	    reply->outcome == OUTCOME_REJECTED ? OUTCOME_BLOCKED
					       : reply->outcome,
	    reply->retry_after_ms, &reply->err);
}

static void
on_last(struct wandb_call *call, const struct wandb_reply *reply)
{
	struct wandb_online *o = call->data;

	if (is_too_large(o, reply)) {
		wandb_stream_post(&o->stream, &o->end, on_last, o);
		return;
	}
	if (reply->outcome == OUTCOME_DONE) {
		wandb_stream_answered(&o->stream, reply);
		note_news(o);
		if (!o->stream.ended) {
			wandb_stream_post(&o->stream, &o->end, on_last, o);
			return;
		}
	}
	answer_finish(o, reply);
}

static void
on_last_update(struct wandb_call *call, const struct wandb_reply *reply)
{
	struct wandb_online *o = call->data;

	struct wandb_reply passed = *reply;

	if (is_over(o, &passed))
		wandb_stream_post(&o->stream, &o->end, on_last, o);
	else
		answer_finish(o, &passed);
}

static void
on_artifact(void *data, const struct wandb_reply *reply)
{
	struct wandb_online *o = data;

	if (reply->outcome != OUTCOME_DONE)
		answer_finish(o, reply);
	else if (has_update(o))
		upsert(o, false, on_last_update);
	else
		wandb_stream_post(&o->stream, &o->end, on_last, o);
}

enum outcome
wandb_online_finish(
    struct wandb_online *o, const struct run_end *end, struct err *err)
{
	const struct wandb_reply done = {.outcome = OUTCOME_DONE};

	wandb_rows_close(&o->run->rows);
	if (o->stream.history.confirmed > o->stream.history.all)
		tracker_note(o->t,
		    "W&B has more rows than this run: somebody else wrote");
	o->end.exit_code = wandb_run_exit_code(end->end);
	o->end.seconds = wandb_run_seconds(o->run, end->ended_us);
	if (o->upload.manifest.len > 0 && !o->artifact.settled)
		return wandb_artifact_start(
		    &o->artifact, &o->upload, on_artifact, o, err);
	on_artifact(o, &done);
	return OUTCOME_PENDING;
}

void
wandb_online_close(struct wandb_online *o)
{
	if (o->t == NULL)
		return;
	wandb_artifact_release(&o->artifact);
	wandb_upload_release(&o->upload);
	wandb_stream_release(&o->stream);
	wandb_call_release(&o->call);
	wandb_client_close(&o->client);
	*o = (struct wandb_online){0};
}
