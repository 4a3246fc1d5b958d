/* Sends the points of a run: as many entries in a request as it takes. Where a
 * receiver refuses a request whole, halves find the points that it can't take,
 * which are named, and the others arrive. */
#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/die.h"
#include "tracker/otlp/private.h"

static void on_metrics(struct otlp *o, const struct otlp_reply *reply);

static void
free_left_out(struct otlp_left_out *out)
{
	free(out->name);
	free(out->labels);
	*out = (struct otlp_left_out){NULL, NULL};
}

void
otlp_points_forget(struct otlp *o)
{
	for (size_t i = 0; i < o->left_out_len; i++)
		free_left_out(&o->left_out[i]);
	o->left_out_len = 0;
	free(o->last_name);
	free(o->last_labels);
	o->last_name = o->last_labels = NULL;
}

static void
make_part(struct otlp *o)
{
	size_t left = o->batch->count - o->at;

	o->part = o->within ? 1 : o->most < left ? o->most : left;
	otlp_metrics_write(o);
	while (
	    o->calls[LANE_METRICS].body.len > OTLP_BODY_BYTES && o->part > 1) {
		o->part /= 2;
		otlp_metrics_write(o);
	}
}

/* Behind what the request has. */
static void
advance(struct otlp *o)
{
	if (o->within && o->from + o->some < o->all) {
		o->from += o->some;
		return;
	}
	o->within = false;
	o->from = 0;
	o->at += o->part;
}

/* Sends the rest of the batch, as much as fits into a request. */
static enum outcome
send_rest(struct otlp *o, struct err *err)
{
	for (; o->at < o->batch->count; advance(o)) {
		make_part(o);
		if (o->points > 0)
			break;
		o->batch->rejected += o->lacking;
	}
	o->batch->done = o->at;
	if (o->at == o->batch->count)
		return OUTCOME_DONE;
	if (buf_overflowed(&o->calls[LANE_METRICS].body)) {
		err_set(err, -EMSGSIZE, "one point is longer than %d bytes",
		    OTLP_BODY_MAX);
		return OUTCOME_REJECTED;
	}
	return otlp_send(o, LANE_METRICS, OTLP_METRICS, on_metrics, err)
	    ? OUTCOME_PENDING
	    : OUTCOME_BLOCKED;
}

static void
done(struct otlp *o, enum outcome outcome, int64_t retry_after_ms,
    const struct err *err)
{
	o->batch->done = o->at;
	tracker_done(
	    o->tracker, CALL_SEND_METRICS, outcome, retry_after_ms, err);
}

static void
proceed(struct otlp *o)
{
	struct err err = ERR_INIT;
	enum outcome outcome = send_rest(o, &err);

	if (outcome != OUTCOME_PENDING)
		done(o, outcome, 0, &err);
}

/* A request that was taken lets the next one be larger. */
static void
grow(struct otlp *o)
{
	if (o->within)
		o->some *= 2;
	else
		o->most = 2 * o->most < o->limit ? 2 * o->most : o->limit;
}

/* The request is settled, one way or another; so many of its entries were
 * refused, at least in part. Those of an entry in pieces count with its last. */
static void
settle(struct otlp *o, size_t rejected, bool taken)
{
	bool last = !o->within || o->from + o->some >= o->all;

	if (rejected < o->lacking)
		rejected = o->lacking;
	if (last)
		o->batch->rejected += rejected;
	advance(o);
	if (taken)
		grow(o);
	proceed(o);
}

/* Points, not entries, were refused: as many entries as have them, at least. */
static size_t
entries_rejected(const struct otlp *o, int64_t points)
{
	uint64_t all = o->points > 0 ? o->points : 1;
	uint64_t part = (uint64_t)points < all ? (uint64_t)points : all;

	return (size_t)((part * o->part + all - 1) / all);
}

/* Halves the request, if that can tell more. */
static bool
send_less(struct otlp *o, const struct otlp_reply *reply)
{
	if (!reply->took_nothing || reply->too_old ||
	    o->left_out_len == OTLP_LEFT_OUT_MAX || o->points < 2)
		return false;
	if (o->part > 1) {
		o->most = o->part / 2;
		if (reply->too_large)
			o->limit = o->most;
	} else {
		o->within = true;
		o->some = o->points / 2;
	}
	proceed(o);
	return true;
}

/* Leaves the one point of the request out, and those with its labels; of a metric
 * of which another point was refused, all. False: there are too many. */
static bool
leave_out(struct otlp *o)
{
	struct otlp_left_out *out;

	for (size_t i = 0; i < o->left_out_len; i++) {
		out = &o->left_out[i];
		if (strcmp(out->name, o->last_name) != 0)
			continue;
		free(out->labels);
		out->labels = NULL;
		return true;
	}
	if (o->left_out_len == OTLP_LEFT_OUT_MAX)
		return false;
	o->left_out[o->left_out_len++] =
	    (struct otlp_left_out){o->last_name, o->last_labels};
	o->last_name = o->last_labels = NULL;
	return true;
}

/* What is to be left out, in words. */
static char *
name_of_point(const struct otlp *o)
{
	const char *labels = o->last_labels;

	for (size_t i = 0; i < o->left_out_len; i++)
		if (strcmp(o->left_out[i].name, o->last_name) == 0)
			labels = NULL;
	return xasprintf("points of %s%s%s", o->last_name,
	    labels != NULL ? " " : "", labels != NULL ? labels : "");
}

/* Names points that the receiver does not take, and leaves their like out up to
 * the end of the batch; or names the points of the request. */
static void
refuse(struct otlp *o, const struct otlp_reply *reply)
{
	char *what;

	if (reply->too_large && o->points == 1)
		what = xasprintf("one point of %s with %zu bytes is too large",
		    o->last_name, o->calls[LANE_METRICS].body.len);
	else if (o->points == 1)
		what = name_of_point(o);
	else
		what = xasprintf("%zu points of %s", o->points,
		    reply->too_old ? "metrics too old for the receiver"
				   : "metrics");
	tracker_refused(o->tracker, what, reply->err.message);
	free(what);
	if (o->points == 1 && !reply->too_old && leave_out(o)) {
		/* The same entry again, now without it. */
		proceed(o);
		return;
	}
	settle(o, o->part, false);
}

static void
on_metrics(struct otlp *o, const struct otlp_reply *reply)
{
	if (reply->outcome == OUTCOME_DONE) {
		otlp_points_taken(o);
		otlp_note_partial(o, "points", reply);
		settle(o, entries_rejected(o, reply->rejected), true);
	} else if (reply->nowhere) {
		if (otlp_goes_on_without(o, OTLP_METRICS, reply))
			settle(o, 0, true);
		else
			done(o, OUTCOME_BLOCKED, 0, &reply->err);
	} else if (reply->outcome != OUTCOME_REJECTED) {
		done(o, reply->outcome, reply->retry_after_ms, &reply->err);
	} else if (!send_less(o, reply)) {
		refuse(o, reply);
	}
}

static void
on_sign_of_life(struct otlp *o, const struct otlp_reply *reply)
{
	enum outcome outcome = reply->outcome;

	if (outcome == OUTCOME_DONE) {
		otlp_points_taken(o);
		otlp_note_partial(o, "points", reply);
	} else if (reply->nowhere) {
		outcome = otlp_goes_on_without(o, OTLP_METRICS, reply)
		    ? OUTCOME_DONE
		    : OUTCOME_BLOCKED;
	} else if (outcome == OUTCOME_REJECTED) {
		tracker_refused(
		    o->tracker, "the run's status", reply->err.message);
		outcome = OUTCOME_DONE;
	}
	done(o, outcome, reply->retry_after_ms, &reply->err);
}

/* Nothing new for a while: says that the run goes on. */
static enum outcome
send_sign_of_life(struct otlp *o, struct err *err)
{
	if (o->run->start->source == SOURCE_IMPORT ||
	    !otlp_sends(o, OTLP_METRICS))
		return OUTCOME_DONE;
	otlp_status_write(o, clock_wall_us(), OTLP_RUNNING);
	return otlp_send(o, LANE_METRICS, OTLP_METRICS, on_sign_of_life, err)
	    ? OUTCOME_PENDING
	    : OUTCOME_BLOCKED;
}

enum outcome
otlp_points_send(struct otlp *o, struct batch *batch, struct err *err)
{
	otlp_points_forget(o);
	o->batch = batch;
	o->at = o->from = 0;
	o->within = false;
	o->most = o->limit = batch->count;
	return batch->count == 0 ? send_sign_of_life(o, err)
				 : send_rest(o, err);
}
