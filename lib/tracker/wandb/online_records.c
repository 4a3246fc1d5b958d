/* Sends the records of a run to W&B: one piece after the other, each a file of
 * the run. A piece that the server calls too large is sent again as smaller
 * ones. The run never waits for them: what comes behind its end is put into the
 * summary by a call of its own. */
#include "tracker/wandb/online.h"
#include "tracker/wandb/upsert.h"

static void
done(struct wandb_online *o, const struct wandb_reply *reply)
{
	if (reply->outcome == OUTCOME_DONE && o->pieces->refused > 0) {
		o->records->rejected = 1;
		o->pieces->refused = 0;
	}
	tracker_done(o->t, CALL_SEND_RECORDS, reply->outcome,
	    reply->retry_after_ms, &reply->err);
}

/* The page lacks what the server does not take: the files are there. */
static bool
is_told(struct wandb_online *o, const struct wandb_reply *reply)
{
	if (reply->outcome == OUTCOME_REJECTED) {
		tracker_refused(o->t,
		    "the records are files of the run, but no tables on its "
		    "page",
		    reply->err.message);
		o->pieces->refused++;
	}
	return reply->outcome == OUTCOME_DONE ||
	    reply->outcome == OUTCOME_REJECTED;
}

static void
on_named(struct wandb_call *call, const struct wandb_reply *reply)
{
	struct wandb_online *o = call->data;
	struct wandb_reply passed = *reply;

	if (is_told(o, reply)) {
		wandb_stream_answered(&o->main.stream, reply);
		o->untold_pieces = false;
		passed.outcome = OUTCOME_DONE;
	}
	done(o, &passed);
}

/* The last request of the run once more, with nothing but the files' names. */
static void
on_summary(struct wandb_call *call, const struct wandb_reply *reply)
{
	struct wandb_online *o = call->data;

	if (!is_told(o, reply)) {
		done(o, reply);
		return;
	}
	o->main.stream.summary_there = true;
	wandb_stream_post(&o->main.stream, &o->end, on_named, o);
}

/* The run has ended: nothing else brings the tables to its page. */
static void
tell_pieces(struct wandb_online *o)
{
	struct buf summary;

	wandb_stream_summary(&o->main.stream, &o->end, &summary);
	wandb_upsert_summary(
	    &o->summary, &o->client, o->main.run, summary.data, on_summary, o);
	buf_release(&summary);
}

static enum outcome go_on(struct wandb_online *o, struct err *err);

static void
on_sent(void *data, const struct wandb_reply *reply)
{
	struct wandb_online *o = data;
	struct wandb_reply next = {.outcome = OUTCOME_DONE};

	if (reply->outcome == OUTCOME_DONE)
		o->untold_pieces = o->records->moved = true;
	if (reply->outcome == OUTCOME_DONE || reply->at_fault) {
		if (!wandb_pieces_answered(
			o->pieces, o->t, reply->outcome, &reply->err)) {
			done(o, reply);
			return;
		}
	} else if (reply->status == HTTP_TOO_LARGE) {
		wandb_pieces_too_large(o->pieces, o->t);
	} else if (reply->outcome == OUTCOME_REJECTED) {
		wandb_pieces_refused(o->pieces, o->t, reply->err.message);
	} else {
		done(o, reply);
		return;
	}
	next.outcome = go_on(o, &next.err);
	if (next.outcome != OUTCOME_PENDING)
		done(o, &next);
}

/* The next request of the batch. DONE: there is none. */
static enum outcome
go_on(struct wandb_online *o, struct err *err)
{
	if (wandb_pieces_is_due(o->pieces, o->records->last)) {
		if (wandb_upload_open_table(
			&o->tables, wandb_pieces_name(o->pieces), err) < 0)
			return OUTCOME_BLOCKED;
		wandb_pieces_write(o->pieces, &o->tables.table);
		return wandb_upload_send_table(&o->tables, on_sent, o, err) == 0
		    ? OUTCOME_PENDING
		    : OUTCOME_BLOCKED;
	}
	if (!o->records->last || !o->untold_pieces)
		return OUTCOME_DONE;
	tell_pieces(o);
	return OUTCOME_PENDING;
}

enum outcome
wandb_online_records(
    struct wandb_online *o, struct batch *batch, struct err *err)
{
	enum outcome outcome = OUTCOME_DONE;

	if (batch->count > 0)
		outcome = wandb_pieces_add(
		    o->pieces, o->start, &batch->entries[0], err);
	if (outcome != OUTCOME_DONE)
		return outcome;
	if (batch->last)
		wandb_pieces_say(o->pieces, o->t);
	o->records = batch;
	return go_on(o, err);
}
