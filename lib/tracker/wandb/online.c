#include "tracker/wandb/online.h"

#include <string.h>

#include "tracker/wandb/pace.h"
#include "tracker/wandb/resume.h"
#include "tracker/wandb/system.h"
#include "tracker/wandb/upsert.h"

#define PLACE_MAX 8192

struct wandb_server_run *
wandb_online_live(struct wandb_online *o, size_t at)
{
	if (at == 0)
		return &o->main;
	return at <= o->children->len ? &o->children->list[at - 1]->live : NULL;
}

void
wandb_online_show(struct wandb_online *o, const struct wandb_settings *settings)
{
	static const char api[] = "https://api.wandb.ai";
	const struct wandb_run *run = o->main.run;
	struct buf url;

	buf_init(&url, PLACE_MAX);
	buf_adds(&url,
	    strcmp(settings->base_url, api) == 0 ? "https://wandb.ai"
						 : settings->base_url);
	buf_addc(&url, '/');
	http_escape(&url, run->entity, "");
	buf_addc(&url, '/');
	http_escape(&url, run->project, "");
	buf_adds(&url, "/runs/");
	http_escape(&url, run->id, "");
	tracker_set_place(o->t, url.data);
	buf_release(&url);
}

static void
init_uploads(struct wandb_online *o)
{
	wandb_upload_init(&o->upload, &o->client, o->main.run, &o->main.stream,
	    o->start->host);
	wandb_upload_init(&o->tables, &o->client, o->main.run, &o->main.stream,
	    o->start->host);
}

static void
on_opened(struct wandb_call *call, const struct wandb_reply *reply)
{
	struct wandb_online *o = call->data;
	struct wandb_reply passed = *reply;

	if (reply->status == HTTP_TOO_LARGE && !o->main.run->without_config) {
		tracker_refused(o->t, "rejected",
		    "the config is too large for the server (HTTP 413)");
		o->main.run->without_config = true;
		wandb_server_run_upsert(&o->main, o->start, on_opened, o);
		return;
	}
	if (reply->outcome == OUTCOME_DONE) {
		if (wandb_server_run_found(&o->main, reply, &passed.err) < 0)
			passed.outcome = OUTCOME_REJECTED;
		else
			init_uploads(o);
		o->main.stream.summary_there =
		    tracker_recall(o->t, WANDB_ENDED) != NULL;
	}
	o->opened(o->data, &passed);
}

static void
on_resume(struct wandb_call *call, const struct wandb_reply *reply)
{
	struct wandb_online *o = call->data;
	struct wandb_reply refused = {.outcome = OUTCOME_BLOCKED};

	if (reply->outcome != OUTCOME_DONE) {
		o->opened(o->data, reply);
		return;
	}
	if (wandb_resume_take(o->main.run, reply->data,
		tracker_option(o->t, "wandb-resume"),
		wandb_run_is_remembered(o->t), &refused.err) < 0) {
		o->resume_refused = true;
		o->opened(o->data, &refused);
		return;
	}
	wandb_server_run_upsert(&o->main, o->start, on_opened, o);
}

enum outcome
wandb_online_open(struct wandb_online *o, struct tracker *t,
    const struct run_info *info, const struct wandb_settings *settings,
    struct wandb_run *run, struct err *err)
{
	o->t = t;
	o->start = info->start;
	o->main_from = o->child_from = SIZE_MAX;
	if (o->client.http == NULL &&
	    wandb_client_open(&o->client, t->loop, settings, err) < 0)
		return OUTCOME_BLOCKED;
	o->client.t = t;
	wandb_server_run_release(&o->main);
	wandb_server_run_init(&o->main, &o->client, run);
	if (run->id_given)
		wandb_ask_resume(&o->main.call, &o->client, run, on_resume, o);
	else
		wandb_server_run_upsert(&o->main, o->start, on_opened, o);
	return OUTCOME_PENDING;
}

void
wandb_online_note(struct wandb_online *o, const struct wandb_server_run *l)
{
	if (l->stream.stopped)
		tracker_note(
		    o->t, "the run was stopped in W&B; it goes on here");
	if (l->stream.lost)
		tracker_note(o->t, "a row was too long for W&B: left out");
}

static void
settle(size_t *at, size_t done)
{
	if (*at != SIZE_MAX)
		*at -= done;
}

/* How many of the rows of all runs were refused, at most `most`. */
static size_t
take_refused(struct wandb_online *o, size_t most)
{
	struct wandb_server_run *l;
	size_t taken = 0, n;

	for (size_t at = 0; (l = wandb_online_live(o, at)) != NULL; at++) {
		n = l->stream.rows_refused;
		if (n > most - taken)
			n = most - taken;
		l->stream.rows_refused -= n;
		taken += n;
	}
	return taken;
}

static void
answer_metrics(struct wandb_online *o, const struct wandb_reply *reply)
{
	struct batch *batch = o->batch;
	size_t done = reply->outcome == OUTCOME_DONE ? o->confirms : 0;

	o->batch = NULL;
	batch->done = done;
	/* A row is one entry or more: one of them counts. */
	batch->rejected = take_refused(o, done);
	o->taken -= done;
	settle(&o->main_from, done);
	settle(&o->child_from, done);
	tracker_done(o->t, CALL_SEND_METRICS,
	    reply->outcome == OUTCOME_REJECTED ? OUTCOME_BLOCKED
					       : reply->outcome,
	    reply->retry_after_ms, &reply->err);
}

static void advance(struct wandb_online *o);

bool
wandb_online_shrink(struct wandb_server_run *l, const struct wandb_reply *reply)
{
	return reply->status == HTTP_TOO_LARGE &&
	    wandb_stream_shrink(&l->stream);
}

static void
on_stream(struct wandb_call *call, const struct wandb_reply *reply)
{
	struct wandb_online *o = call->data;
	struct wandb_server_run *l = wandb_online_live(o, o->at);

	if (wandb_online_shrink(l, reply)) {
		wandb_stream_post(&l->stream, NULL, on_stream, o);
		return;
	}
	if (reply->outcome != OUTCOME_DONE) {
		answer_metrics(o, reply);
		return;
	}
	wandb_stream_answered(&l->stream, reply);
	wandb_online_note(o, l);
	if (wandb_stream_has_lines(&l->stream)) {
		wandb_stream_post(&l->stream, NULL, on_stream, o);
		return;
	}
	o->at++;
	advance(o);
}

static void
on_update(struct wandb_call *call, const struct wandb_reply *reply)
{
	struct wandb_online *o = call->data;
	struct wandb_server_run *l = wandb_online_live(o, o->at);
	struct wandb_reply passed = *reply;

	if (!wandb_server_run_updated(l, &passed)) {
		answer_metrics(o, &passed);
	} else if (wandb_stream_has_news(&l->stream)) {
		wandb_stream_post(&l->stream, NULL, on_stream, o);
	} else {
		o->at++;
		advance(o);
	}
}

static void
on_found(struct wandb_call *call, const struct wandb_reply *reply)
{
	struct wandb_online *o = call->data;
	struct wandb_reply passed = *reply;

	if (reply->outcome == OUTCOME_DONE &&
	    wandb_server_run_found(
		wandb_online_live(o, o->at), reply, &passed.err) < 0)
		passed.outcome = OUTCOME_BLOCKED;
	if (passed.outcome == OUTCOME_DONE)
		advance(o);
	else
		answer_metrics(o, &passed);
}

/* The next request of the batch, run by run; none is left: the answer. */
static void
advance(struct wandb_online *o)
{
	const struct wandb_reply done = {.outcome = OUTCOME_DONE};
	struct wandb_server_run *l;

	for (; (l = wandb_online_live(o, o->at)) != NULL; o->at++) {
		if (!l->open) {
			wandb_server_run_upsert(l, o->start, on_found, o);
			return;
		}
		if (!o->due)
			continue;
		if (!l->stream.waiting && wandb_server_run_has_update(l)) {
			wandb_server_run_upsert(l, NULL, on_update, o);
			return;
		}
		if (wandb_stream_has_news(&l->stream) || o->beat) {
			wandb_stream_post(&l->stream, NULL, on_stream, o);
			return;
		}
	}
	answer_metrics(o, &done);
}

/* Where the entries of the open row begin, after this entry was taken. */
static void
note_row(size_t *from, const struct wandb_rows *rows, int64_t before, size_t at)
{
	if (!rows->open)
		*from = SIZE_MAX;
	else if (rows->step != before)
		*from = at;
}

static int64_t
open_step(const struct wandb_rows *rows)
{
	return rows->open ? rows->step : -1;
}

static void
take_one(struct wandb_online *o, const struct entry *e)
{
	struct wandb_run *run = o->main.run;
	struct wandb_child *child, *before = o->children->turn;
	bool new;
	int64_t step;

	child = wandb_children_of(o->children, run, e, o->on_row, &new);
	if (new)
		wandb_server_run_init(&child->live, &o->client, &child->run);
	wandb_children_turn(o->children, child);
	if (child != before)
		o->child_from = SIZE_MAX;
	if (child != NULL)
		run = &child->run;
	step = open_step(&run->rows);
	if (wandb_is_system(e))
		wandb_stream_event(&o->main.stream, e);
	else
		wandb_run_take(run, e);
	note_row(child != NULL ? &o->child_from : &o->main_from, &run->rows,
	    step, o->taken);
}

/* The entries behind those that were taken before. */
static void
take(struct wandb_online *o, const struct batch *batch)
{
	for (; o->taken < batch->count; o->taken++)
		take_one(o, &batch->entries[o->taken]);
	if (batch->last) {
		wandb_children_turn(o->children, NULL);
		wandb_rows_close(&o->main.run->rows);
		o->main_from = o->child_from = SIZE_MAX;
	}
}

/* The entries at the front that are in complete rows. */
static size_t
whole(const struct wandb_online *o)
{
	size_t n = o->taken;

	if (o->main_from < n)
		n = o->main_from;
	return o->child_from < n ? o->child_from : n;
}

static enum outcome
send_metrics(struct wandb_online *o, struct batch *batch)
{
	take(o, batch);
	if (!wandb_pace_is_due(o, batch)) {
		batch->done = 0;
		return OUTCOME_DONE;
	}
	o->batch = batch;
	o->confirms = o->due ? whole(o) : 0;
	o->at = 0;
	advance(o);
	return OUTCOME_PENDING;
}

enum outcome
wandb_online_send(struct wandb_online *o, struct batch *batch, struct err *err)
{
	if (batch->lane == LANE_METRICS)
		return send_metrics(o, batch);
	if (batch->lane == LANE_RECORDS)
		return wandb_online_records(o, batch, err);
	wandb_upload_send(&o->upload, batch);
	return OUTCOME_PENDING;
}

/* The children are released before. */
void
wandb_online_close(struct wandb_online *o)
{
	if (o->t == NULL)
		return;
	wandb_artifact_release(&o->artifact);
	wandb_upload_release(&o->upload);
	wandb_upload_release(&o->tables);
	wandb_call_release(&o->summary);
	wandb_server_run_release(&o->main);
	wandb_client_close(&o->client);
	*o = (struct wandb_online){0};
}
