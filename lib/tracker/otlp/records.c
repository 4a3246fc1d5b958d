/* Sends the records that an entry names: their spans, then the events of their
 * scores, in requests of a bounded size. How far an entry has come is kept in the
 * cursor after each request, because what is sent again may stand there twice. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "tracker/otlp/private.h"

/* A Collector's own batches are no larger. */
#define ROWS_MAX 512
/* The cursor keeps of the entry that is under way: "FIRST STEP AT". */
#define REMEMBERED  "records"
#define MEMORY_SIZE 96

static enum outcome go_on(struct otlp *o, struct err *err);

static enum otlp_signal
signal_of(enum otlp_step step)
{
	return step == OTLP_SPANS ? OTLP_TRACES : OTLP_LOGS;
}

static const char *
items_of(enum otlp_step step)
{
	return step == OTLP_SPANS ? "spans" : "score events";
}

static void
remember(struct otlp *o)
{
	const struct otlp_records *r = &o->records;
	char text[MEMORY_SIZE];

	snprintf(text, sizeof text, "%" PRId64 " %d %zu", r->first,
	    (int)r->step, r->at);
	tracker_remember(o->tracker, REMEMBERED, text);
}

/* Goes on where this entry was left. */
static void
recall(struct otlp *o, int64_t first)
{
	const char *text = tracker_recall(o->tracker, REMEMBERED);
	struct otlp_records *r = &o->records;
	char *end = NULL;
	int64_t step = 0, at = 0;

	if (r->first != first) {
		r->refused = false;
		r->most = r->ceiling = ROWS_MAX;
		r->alone = (struct alone){0};
	}
	r->first = first;
	r->step = OTLP_SPANS;
	r->at = 0;
	if (text == NULL || strtoll(text, &end, 10) != first)
		return;
	step = strtoll(end, &end, 10);
	at = strtoll(end, NULL, 10);
	if (step < 0 || step >= OTLP_STEPS || at < 0 ||
	    (uint64_t)at > r->rows.len)
		return;
	r->step = (enum otlp_step)step;
	r->at = (size_t)at;
}

/* Writes rows from `at` on, as many as fit into a request. */
static void
write_rows(struct otlp *o)
{
	struct otlp_records *r = &o->records;
	struct otel_frame frame;
	struct buf *out = otlp_begin(o, LANE_RECORDS, &frame);

	r->sent = r->items = 0;
	while (r->at + r->sent < r->rows.len && r->sent < r->most) {
		size_t before = out->len, items = 1;
		struct row row;

		rows_get(&r->rows, r->at + r->sent, &row);
		alone_cut(&row, r->alone.form);
		if (r->step == OTLP_SPANS)
			otlp_span_write(o, &row, out);
		else
			items = otlp_events_write(o, &row, out);
		if (r->step == OTLP_EVENTS && row.scores_left_out > 0)
			tracker_note(o->tracker,
			    "scores that are NaN or infinite have no events");
		row_release(&row);
		if (r->sent > 0 && out->len > OTLP_BODY_BYTES) {
			buf_truncate(out, before);
			break;
		}
		r->items += items;
		r->sent++;
	}
	otel_end(out, &frame);
}

static void
done(struct otlp *o, enum outcome outcome, int64_t retry_after_ms,
    const struct err *err)
{
	struct otlp_records *r = &o->records;

	rows_release(&r->rows);
	r->batch->done = outcome == OUTCOME_DONE ? r->batch->count : 0;
	r->batch->rejected = outcome == OUTCOME_DONE && r->refused;
	r->batch->moved = r->moved;
	tracker_done(
	    o->tracker, CALL_SEND_RECORDS, outcome, retry_after_ms, err);
}

static void
proceed(struct otlp *o)
{
	struct err err = ERR_INIT;
	enum outcome outcome = go_on(o, &err);

	if (outcome != OUTCOME_PENDING)
		done(o, outcome, 0, &err);
}

/* The request's rows were taken, or refused for good. */
static void
settle(struct otlp *o)
{
	o->records.at += o->records.sent;
	o->records.alone = (struct alone){0};
	remember(o);
	proceed(o);
}

/* Names the rows of the request, which were refused for good. */
static void
refuse(struct otlp *o, const struct err *why)
{
	struct otlp_records *r = &o->records;
	int64_t first = r->rows.list[r->at].number;
	int64_t last = r->rows.list[r->at + r->sent - 1].number;
	char *what = first == last
	    ? xasprintf("%s of record %" PRId64, items_of(r->step), first)
	    : xasprintf("%s of records %" PRId64 " to %" PRId64,
		  items_of(r->step), first, last);

	tracker_refused(o->tracker, what, why->message);
	free(what);
	r->refused = true;
}

/* The receiver fails at the row whenever it is whole, and took less of it. */
static void
say_less(struct otlp *o)
{
	struct otlp_records *r = &o->records;
	char *what;

	if (r->alone.form == ALONE_WHOLE)
		return;
	if (r->step != OTLP_SPANS) {
		refuse(o, &r->alone.why);
		return;
	}
	what = xasprintf("%s of record %" PRId64,
	    r->alone.form == ALONE_BARE ? "the texts" : "all but the state",
	    r->rows.list[r->at].number);
	tracker_refused(o->tracker, what, r->alone.why.message);
	free(what);
	r->refused = true;
}

/* If the receiver took nothing of the request, halves it, down to one row, which
 * is named. A request that was too large for its length is too large again later;
 * one that was refused for a row of its own says nothing about others. */
static void
on_refusal(struct otlp *o, const struct otlp_reply *reply)
{
	struct otlp_records *r = &o->records;

	if (r->sent > 1 && reply->took_nothing) {
		r->most = r->sent / 2;
		if (reply->too_large)
			r->ceiling = r->most;
		proceed(o);
		return;
	}
	refuse(o, &reply->err);
	settle(o);
}

/* The request was taken. */
static void
take(struct otlp *o, const struct otlp_reply *reply)
{
	struct otlp_records *r = &o->records;

	otlp_note_partial(o, items_of(r->step), reply);
	r->refused = r->refused || reply->rejected > 0;
	r->most = 2 * r->most < r->ceiling ? 2 * r->most : r->ceiling;
	settle(o);
}

/* The request has the one row at which the receiver has failed, or fails now. */
static void
on_one(struct otlp *o, const struct otlp_reply *reply)
{
	struct otlp_records *r = &o->records;
	struct err err = reply->err;

	r->most = 1;
	switch (alone_answer(
	    &r->alone, reply->outcome, reply->at_fault, &reply->err)) {
	case ALONE_AGAIN:
		proceed(o);
		break;
	case ALONE_THERE:
		say_less(o);
		if (reply->outcome == OUTCOME_DONE)
			take(o, reply);
		else
			settle(o);
		break;
	default:
		err_prefix(&err, "record %" PRId64, r->rows.list[r->at].number);
		done(o, OUTCOME_RETRY, reply->retry_after_ms, &err);
	}
}

/* The receiver fails, and one of the rows may be why: fewer go at once, one after a
 * wait. */
static void
on_failure(struct otlp *o, const struct otlp_reply *reply)
{
	struct otlp_records *r = &o->records;

	if (r->sent == 1) {
		on_one(o, reply);
		return;
	}
	r->most = r->sent / 2;
	proceed(o);
}

static void
on_rows(struct otlp *o, const struct otlp_reply *reply)
{
	struct otlp_records *r = &o->records;

	r->moved = r->moved || reply->outcome == OUTCOME_DONE;
	if (reply->outcome == OUTCOME_DONE && r->alone.failures > 0) {
		on_one(o, reply);
	} else if (reply->outcome == OUTCOME_DONE) {
		take(o, reply);
	} else if (reply->at_fault) {
		on_failure(o, reply);
	} else if (reply->nowhere &&
	    otlp_goes_on_without(o, signal_of(r->step), reply)) {
		proceed(o);
	} else if (reply->outcome == OUTCOME_REJECTED && !reply->nowhere) {
		on_refusal(o, reply);
	} else {
		done(o, reply->nowhere ? OUTCOME_BLOCKED : reply->outcome,
		    reply->retry_after_ms, &reply->err);
	}
}

/* Too long to be sent at all. */
static void
refuse_overlong(struct otlp *o)
{
	struct err err = ERR_INIT;

	err_set(&err, -EMSGSIZE, "longer than %d bytes", OTLP_BODY_MAX);
	refuse(o, &err);
}

/* Sends the next request of the entry. DONE: there is none. */
static enum outcome
go_on(struct otlp *o, struct err *err)
{
	struct otlp_records *r = &o->records;

	for (; r->step < OTLP_STEPS; r->step++, r->at = 0) {
		if (!otlp_sends(o, signal_of(r->step)))
			continue;
		for (; r->at < r->rows.len; r->at += r->sent) {
			write_rows(o);
			/* Of less than a row nothing may be left: then a
			 * request without any tells whether the receiver is
			 * well. */
			if (r->items == 0 && r->alone.form == ALONE_WHOLE)
				continue;
			if (!buf_overflowed(&o->calls[LANE_RECORDS].body))
				return otlp_send(o, LANE_RECORDS,
					   signal_of(r->step), on_rows, err)
				    ? OUTCOME_PENDING
				    : OUTCOME_BLOCKED;
			refuse_overlong(o);
		}
	}
	return OUTCOME_DONE;
}

enum outcome
otlp_records_send(struct otlp *o, struct batch *batch, struct err *err)
{
	const struct entry *e = &batch->entries[0];
	struct otlp_records *r = &o->records;
	enum outcome outcome;

	if (!otlp_sends(o, OTLP_TRACES) && !otlp_sends(o, OTLP_LOGS))
		return OUTCOME_DONE;
	outcome = rows_open(&r->rows, o->run->start, e, err);
	if (outcome != OUTCOME_DONE)
		return outcome;
	r->batch = batch;
	r->moved = false;
	recall(o, e->records.first);
	outcome = go_on(o, err);
	if (outcome != OUTCOME_PENDING) {
		rows_release(&r->rows);
		batch->rejected = outcome == OUTCOME_DONE && r->refused;
	}
	return outcome;
}
