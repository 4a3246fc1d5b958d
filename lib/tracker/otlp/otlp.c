/*
 * OpenTelemetry: sends a run to a receiver of OTLP over HTTP. Metrics go as
 * cumulative points while the run goes on, and the run's span when it has
 * ended. OTLP knows no "again": what a receiver took before its answer was lost
 * is sent a second time, with the same IDs and times.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "tracker/otlp/private.h"

/* Receivers expect a point of a series every few seconds at most. */
#define PACE_MS 5000
/* A series without a point for five minutes counts as ended. */
#define IDLE_MS 60000

static int
otlp_configure(struct tracker *t, struct err *err)
{
	struct otlp *o = t->state;

	(void)err;
	o->tracker = t;
	otlp_calls_init(o);
	paramset_init(&o->params);
	return 0;
}

/* Reads the environment here, not earlier: `itrack sync` may have another one
 * than the process that failed. */
static void
load_config(struct otlp *o)
{
	struct plan plan = tracker_plan(o->tracker, o->run->start);

	if (o->configured)
		return;
	o->configured = true;
	otlp_config_load(&o->config, &plan);
	for (size_t i = 0; i < o->config.note_len; i++)
		tracker_note(o->tracker, "%s", o->config.notes[i]);
	if (o->config.disabled)
		tracker_note(
		    o->tracker, "OTEL_SDK_DISABLED is set: nothing is sent");
	otlp_resource_make(o);
	otel_ids_make(&o->root, o->run->start->attempt, OTLP_ROOT);
}

static void
recall(struct otlp *o)
{
	const char *last = tracker_recall(o->tracker, OTLP_LAST_TIME);

	o->taken = tracker_recall(o->tracker, OTLP_TAKEN) != NULL;
	o->last_ns = last != NULL ? strtoll(last, NULL, 10) : 0;
	otlp_experiments_release(&o->experiments);
	otlp_experiments_recall(&o->experiments, o->tracker);
	otlp_params_recall(o);
}

/* Opening: is there a receiver? */

static void on_opened(struct otlp *o, const struct otlp_reply *reply);

/* Asks whether anything takes the next signal, by an empty request. False: there
 * is no next one, or err says why it can't be sent. */
static bool
probe_next(struct otlp *o, struct err *err)
{
	while (o->probing < OTLP_SIGNALS && !otlp_sends(o, o->probing))
		o->probing++;
	if (o->probing == OTLP_SIGNALS)
		return false;
	o->empty = true;
	buf_reset(&o->calls[LANE_METRICS].body);
	return otlp_send(o, LANE_METRICS, o->probing, on_opened, err);
}

/* Nothing takes the signal there: does anything take another? */
static void
signal_is_nowhere(struct otlp *o, const struct otlp_reply *reply)
{
	struct err err = ERR_INIT;

	o->nowhere[o->probing++] = true;
	if (probe_next(o, &err))
		return;
	memset(o->nowhere, 0, sizeof o->nowhere);
	if (err.message[0] == '\0')
		err_set(&err, -ENOENT, "%s: no receiver of OTLP is there",
		    reply->err.message);
	tracker_done(o->tracker, CALL_OPEN, OUTCOME_BLOCKED, 0, &err);
}

static void
opened(struct otlp *o)
{
	otlp_note_taken(o);
	otlp_set_place(o);
	for (int i = 0; i < OTLP_SIGNALS; i++)
		if (o->nowhere[i])
			tracker_note(o->tracker,
			    "no %s are sent: nothing takes them at %s",
			    otlp_signal_name((enum otlp_signal)i),
			    o->config.ways[i].url);
	tracker_done(o->tracker, CALL_OPEN, OUTCOME_DONE, 0, NULL);
}

static void
on_opened(struct otlp *o, const struct otlp_reply *reply)
{
	if (reply->nowhere) {
		signal_is_nowhere(o, reply);
	} else if (reply->outcome == OUTCOME_DONE) {
		if (!o->empty)
			otlp_points_taken(o);
		opened(o);
	} else if (reply->outcome == OUTCOME_REJECTED) {
		/* A receiver that takes other requests may refuse an empty one. */
		if (!o->empty)
			tracker_refused(
			    o->tracker, "the run's status", reply->err.message);
		opened(o);
	} else {
		tracker_done(o->tracker, CALL_OPEN, reply->outcome,
		    reply->retry_after_ms, &reply->err);
	}
}

/* A run that goes on says so at once; that a run which is imported once did is no
 * news. */
static enum outcome
otlp_open(struct tracker *t, const struct run_info *run, struct err *err)
{
	struct otlp *o = t->state;
	bool sent;

	o->run = run;
	load_config(o);
	recall(o);
	if (o->config.disabled)
		return OUTCOME_DONE;
	otlp_set_place(o);
	if (run->again)
		return OUTCOME_DONE;
	o->probing = OTLP_METRICS;
	o->empty = false;
	if (run->start->source == SOURCE_IMPORT ||
	    !otlp_sends(o, OTLP_METRICS)) {
		sent = probe_next(o, err);
	} else {
		otlp_status_write(o, run->started_us, OTLP_RUNNING);
		sent = otlp_send(o, LANE_METRICS, OTLP_METRICS, on_opened, err);
	}
	if (sent)
		return OUTCOME_PENDING;
	return err->message[0] == '\0' ? OUTCOME_DONE : OUTCOME_BLOCKED;
}

static void
say_no_place(struct tracker *t, enum entry_kind kind)
{
	if (kind == ENTRY_ARTIFACT)
		tracker_note(
		    t, "files are not sent: OTLP has no place for them");
	else if (kind == ENTRY_TABLE)
		tracker_note(
		    t, "tables are not sent: OTLP has no place for them");
	else
		tracker_note(
		    t, "models are not registered: OTLP has no place for them");
}

static enum outcome
otlp_send_batch(struct tracker *t, struct batch *batch, struct err *err)
{
	struct otlp *o = t->state;

	if (batch->lane == LANE_RECORDS)
		return otlp_records_send(o, batch, err);
	if (batch->lane == LANE_FILES) {
		for (size_t i = 0; i < batch->count; i++)
			say_no_place(t, batch->entries[i].kind);
		return OUTCOME_DONE;
	}
	return otlp_points_send(o, batch, err);
}

static void
otlp_close(struct tracker *t)
{
	struct otlp *o = t->state;

	otlp_calls_release(o);
	otlp_points_forget(o);
	otlp_experiments_release(&o->experiments);
	rows_release(&o->records.rows);
	paramset_release(&o->params);
	buf_release(&o->resource);
	otlp_config_release(&o->config);
	o->configured = false;
}

const struct tracker_ops tracker_otlp = {
    .about = &tracker_about_otlp,
    .state_size = sizeof(struct otlp),
    .pace_ms = PACE_MS,
    .idle_ms = IDLE_MS,
    .needs_run_id = true,
    .remote = true,
    .configure = otlp_configure,
    .open = otlp_open,
    .send = otlp_send_batch,
    .finish = otlp_finish,
    .destination = otlp_destination,
    .examine = otlp_examine,
    .foretell = otlp_foretell,
    .close = otlp_close,
};
