/* The end of a run: the metric that says how it ended, then the run's span. */
#include "tracker/otlp/private.h"

#define STATUS_ENDED  0.0
#define STATUS_FAILED (-1.0)
/* Under this name the cursor keeps that both were taken. */
#define ENDED "ended"

static void
on_root(struct otlp *o, const struct otlp_reply *reply)
{
	enum outcome outcome = reply->outcome;

	if (outcome == OUTCOME_DONE)
		otlp_note_partial(o, "spans", reply);
	if (outcome == OUTCOME_DONE)
		tracker_remember(o->tracker, ENDED, "yes");
	if (reply->nowhere)
		outcome = otlp_goes_on_without(o, OTLP_TRACES, reply)
		    ? OUTCOME_DONE
		    : OUTCOME_BLOCKED;
	tracker_done(o->tracker, CALL_FINISH, outcome, reply->retry_after_ms,
	    &reply->err);
}

static enum outcome
send_root(struct otlp *o, struct err *err)
{
	if (!otlp_sends(o, OTLP_TRACES))
		return OUTCOME_DONE;
	otlp_root_write(o);
	return otlp_send(o, LANE_METRICS, OTLP_TRACES, on_root, err)
	    ? OUTCOME_PENDING
	    : OUTCOME_BLOCKED;
}

static void
on_status(struct otlp *o, const struct otlp_reply *reply)
{
	struct err err = ERR_INIT;
	enum outcome outcome = reply->outcome;

	if (outcome == OUTCOME_DONE) {
		otlp_points_taken(o);
		otlp_note_partial(o, "points", reply);
	} else if (reply->nowhere &&
	    otlp_goes_on_without(o, OTLP_METRICS, reply)) {
		outcome = OUTCOME_DONE;
	} else if (outcome == OUTCOME_REJECTED) {
		tracker_refused(
		    o->tracker, "the run's status", reply->err.message);
		outcome = OUTCOME_DONE;
	}
	if (outcome != OUTCOME_DONE) {
		tracker_done(o->tracker, CALL_FINISH, outcome,
		    reply->retry_after_ms, &reply->err);
		return;
	}
	outcome = send_root(o, &err);
	if (outcome != OUTCOME_PENDING)
		tracker_done(o->tracker, CALL_FINISH, outcome, 0, &err);
}

enum outcome
otlp_finish(struct tracker *t, const struct run_end *end, struct err *err)
{
	struct otlp *o = t->state;
	double status =
	    end->end->status == RUN_FINISHED ? STATUS_ENDED : STATUS_FAILED;

	o->end = *end;
	/* An earlier process has sent both, and died while records were left. */
	if (tracker_recall(t, ENDED) != NULL)
		return OUTCOME_DONE;
	if (!otlp_sends(o, OTLP_METRICS) || otlp_is_old(o, end->ended_us))
		return send_root(o, err);
	otlp_status_write(o, end->ended_us, status);
	return otlp_send(o, LANE_METRICS, OTLP_METRICS, on_status, err)
	    ? OUTCOME_PENDING
	    : OUTCOME_BLOCKED;
}
