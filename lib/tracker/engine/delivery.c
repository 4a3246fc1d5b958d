/* The life of one delivery: how it is made, what an answer of the tracker makes of it,
 * and what is known of it. */
#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/log.h"
#include "http/http.h"
#include "tracker/engine/private.h"

/* The limit for all notes of tracker_altered() together. */
#define ALTERED_MAX_BYTES (32 * 1024)
/* The same for tracker_refused(). */
#define REFUSALS_MAX_BYTES (64 * 1024)

static void
on_timer(struct loop_timer *timer)
{
	/* We check only here: elsewhere the tracker may be our caller, and
	 * would go on with what was closed under it. */
	call_limit_check(timer->data);
	delivery_pump(timer->data);
}

int
delivery_new(struct delivery **delivery, const struct delivery_config *config,
    const struct target *target, struct err *err)
{
	const struct tracker_ops *ops = tracker_find(target->tracker);
	struct err damage = ERR_INIT;
	struct delivery *d;
	int result;

	if (ops == NULL)
		return err_set(err, -EINVAL,
		    "no tracker named %s in this build", target->tracker);
	d = xcalloc(1, sizeof *d);
	buf_init(&d->altered, ALTERED_MAX_BYTES);
	buf_init(&d->refusals, REFUSALS_MAX_BYTES);
	d->loop = config->loop;
	d->journal = config->journal;
	d->start = config->start;
	d->started_us = config->started_us;
	d->fresh = config->fresh;
	d->changed = config->changed;
	d->data = config->data;
	d->timer = (struct loop_timer){.fire = on_timer, .data = d};
	d->cursor_saved_ms = clock_mono_ms();
	target_copy(&d->target, target);
	result = cursor_load(d->journal, target->tracker, &d->cursor, &damage);
	/* It is tried anew. */
	free(d->cursor.why);
	d->cursor.why = NULL;
	d->tracker = (struct tracker){.ops = ops,
	    .loop = d->loop,
	    .retry = RETRY_DEFAULT,
	    .state = xcalloc(1, ops->state_size),
	    .delivery = d};
	/* What is sent again every tracker recognises. */
	if (result > 0)
		tracker_note(&d->tracker, "%s: begun anew", damage.message);
	else if (result < 0)
		err_set(err, result, "%s", damage.message);
	if (result >= 0)
		result = ops->configure(&d->tracker, err);
	if (ops->from_start && !d->cursor.finished) {
		for (int i = 0; i < LANE_COUNT; i++)
			d->cursor.offset[i] = 0;
		d->cursor.delivered = d->cursor.rejected = 0;
	}
	experiment_runs_init(d);
	journal_reader_init(&d->scout, d->journal);
	for (int i = 0; i < LANE_COUNT; i++)
		lane_init(d, (enum lane)i);
	if (d->cursor.finished) {
		d->phase = PHASE_COMPLETE;
		d->durable = true;
	}
	if (result < 0) {
		delivery_free(d);
		return result;
	}
	*delivery = d;
	return 0;
}

void
delivery_free(struct delivery *d)
{
	if (d == NULL)
		return;
	delivery_save_cursor(d);
	d->tracker.ops->close(&d->tracker);
	loop_timer_cancel(d->loop, &d->timer);
	delivery_save_cursor(d);
	for (int i = 0; i < LANE_COUNT; i++)
		lane_release(d, (enum lane)i);
	journal_reader_release(&d->scout);
	cursor_release(&d->cursor);
	target_release(&d->target);
	for (size_t i = 0; i < d->note_len; i++)
		free(d->notes[i]);
	free(d->notes);
	if (d->has_end)
		entry_release(&d->end);
	free(d->run_id);
	free(d->its_id);
	free(d->kept_records);
	free(d->records_lost_why);
	free(d->why);
	free(d->refusal);
	buf_release(&d->altered);
	buf_release(&d->refusals);
	free(d->tracker.state);
	free(d);
}

int
delivery_make_durable(struct delivery *d, struct err *err)
{
	const struct tracker_ops *ops = d->tracker.ops;
	int result = 0;

	if (d->phase == PHASE_COMPLETE && !d->durable && ops->sync != NULL)
		result = ops->sync(&d->tracker, err);
	d->durable = d->phase == PHASE_COMPLETE && result == 0;
	return result < 0 ? err_prefix(err, "%s", ops->about->name) : 0;
}

void
delivery_say_why(struct delivery *d, const struct err *err)
{
	if (err == NULL || err->message[0] == '\0')
		return;
	free(d->why);
	d->why = xstrdup(err->message);
}

/* When the last tracker has finished, the cursor goes with the journal, so most
 * cursors are never written. */
static void
complete(struct delivery *d)
{
	d->cursor.finished = true;
	d->cursor_dirty = true;
	loop_timer_set(
	    d->loop, &d->timer, delivery_cursor_due_ms(d) - clock_mono_ms());
}

/* For -v. */
static void
log_phase(const struct delivery *d)
{
	const char *name = d->target.tracker;

	if (d->phase == PHASE_OPEN)
		log_verbose("%s: the run is open%s%s", name,
		    d->cursor.place != NULL ? ": " : "",
		    d->cursor.place != NULL ? d->cursor.place : "");
	else if (d->phase == PHASE_COMPLETE)
		log_verbose("%s: everything is there", name);
	else if (d->phase == PHASE_BLOCKED)
		log_verbose("%s: no further try: %s", name,
		    d->why != NULL ? d->why : "");
	else if (d->phase == PHASE_GIVEN_UP)
		log_verbose("%s: no more time; %ju entries stay in the journal",
		    name, (uintmax_t)(d->known - d->taken));
}

/* For whoever asks what is pending, when this process is gone. */
static void
note_why(struct delivery *d)
{
	free(d->cursor.why);
	d->cursor.why = xstrdup(d->why != NULL ? d->why : "no answer in time");
	d->cursor_dirty = true;
}

void
delivery_set_phase(struct delivery *d, enum phase phase)
{
	d->phase = phase;
	log_phase(d);
	if (phase < PHASE_COMPLETE)
		return;
	records_say_missing(d);
	if (phase == PHASE_COMPLETE) {
		complete(d);
	} else {
		loop_timer_cancel(d->loop, &d->timer);
		note_why(d);
		delivery_save_cursor(d);
	}
	if (d->changed != NULL)
		d->changed(d, d->data);
}

void
delivery_answered(struct delivery *d)
{
	d->ever_answered = true;
	d->progress_ms = clock_mono_ms();
	/* A late answer of the other lane undoes neither a refusal nor the
	 * reason for which a lane waits. */
	if (d->phase == PHASE_BLOCKED)
		return;
	for (int i = 0; i < LANE_COUNT; i++)
		if (d->lanes[i].failures > 0 || d->lanes[i].stopped)
			return;
	free(d->why);
	d->why = NULL;
}

/* Does the place stay as it is, so that only another one helps? */
static bool
is_unwritable(int code)
{
	return code == -EROFS || code == -EACCES;
}

static void
retry_call(struct delivery *d, int64_t retry_after_ms, const struct err *err)
{
	if (!delivery_retry(d, ++d->call_failures, retry_after_ms, err,
		&d->asked_ms, &d->call_next_ms))
		delivery_set_phase(d, PHASE_BLOCKED);
}

void
delivery_open_done(struct delivery *d, enum outcome outcome,
    int64_t retry_after_ms, const struct err *err)
{
	switch (outcome) {
	case OUTCOME_DONE:
		delivery_answered(d);
		d->call_failures = 0;
		d->call_next_ms = 0;
		d->cursor.opened = true;
		d->cursor_dirty = true;
		delivery_name_destination(d);
		d->last_send_ms = clock_mono_ms();
		delivery_set_phase(d, PHASE_OPEN);
		break;
	case OUTCOME_RETRY:
		d->phase = PHASE_CLOSED;
		retry_call(d, retry_after_ms, err);
		break;
	default:
		if (d->needs == NULL && err != NULL && is_unwritable(err->code))
			d->needs = d->tracker.ops->about->elsewhere;
		delivery_say_why(d, err);
		delivery_set_phase(d, PHASE_BLOCKED);
	}
}

void
delivery_finish_done(struct delivery *d, enum outcome outcome,
    int64_t retry_after_ms, const struct err *err)
{
	switch (outcome) {
	case OUTCOME_DONE:
	case OUTCOME_REJECTED:
		delivery_answered(d);
		if (outcome == OUTCOME_REJECTED) {
			tracker_refused(&d->tracker, "rejected",
			    err != NULL ? err->message : "");
			d->cursor.rejected++;
		}
		d->phase = PHASE_FINISHED;
		break;
	case OUTCOME_RETRY:
		d->phase = PHASE_OPEN;
		retry_call(d, retry_after_ms, err);
		break;
	default:
		delivery_say_why(d, err);
		delivery_set_phase(d, PHASE_BLOCKED);
	}
}

bool
delivery_is_under_way(const struct delivery *d)
{
	for (int i = 0; i < LANE_COUNT; i++)
		if (d->lanes[i].in_flight)
			return true;
	return d->phase == PHASE_OPENING || d->phase == PHASE_FINISHING;
}

void
delivery_begin_anew(struct delivery *d)
{
	for (int i = 0; i < LANE_COUNT; i++)
		d->cursor.offset[i] = 0;
	d->cursor.delivered = d->cursor.rejected = 0;
	d->taken = 0;
	for (int i = 0; i < LANE_COUNT; i++)
		lane_reset(d, (enum lane)i);
}

void
delivery_fill_info(struct delivery *d)
{
	d->info = (struct run_info){.start = d->start,
	    .started_us = d->started_us,
	    .run_id = d->run_id,
	    .again = d->cursor.opened,
	    .ended = d->has_end,
	    .fresh = d->fresh};
}

bool
delivery_is_remote(const struct delivery *d)
{
	return d->tracker.ops->remote;
}

bool
delivery_is_settled(const struct delivery *d)
{
	return d->phase >= PHASE_COMPLETE;
}

void
delivery_status(const struct delivery *d, struct delivery_status *status)
{
	static const enum delivery_state states[] = {
	    [PHASE_CLOSED] = DELIVERY_WAITING,
	    [PHASE_OPENING] = DELIVERY_WAITING,
	    [PHASE_OPEN] = DELIVERY_ACTIVE,
	    [PHASE_FINISHING] = DELIVERY_ACTIVE,
	    [PHASE_FINISHED] = DELIVERY_ACTIVE,
	    [PHASE_COMPLETE] = DELIVERY_FINISHED,
	    [PHASE_BLOCKED] = DELIVERY_BLOCKED,
	    [PHASE_GIVEN_UP] = DELIVERY_GIVEN_UP,
	};

	const char *moved = cursor_get(&d->cursor, CURSOR_DESTINATION);

	*status = (struct delivery_status){
	    .tracker = d->target.tracker,
	    .destination = moved != NULL ? moved : d->target.destination,
	    .state = states[d->phase],
	    .delivered = d->cursor.delivered,
	    .rejected = d->cursor.rejected,
	    .pending = d->known - d->taken,
	    .place = d->cursor.place,
	    .its_id = d->its_id,
	    .why = d->why != NULL ? d->why : "",
	    .needs = d->needs,
	    .refusal = d->refusal != NULL ? d->refusal : "",
	    .refusals = d->refusals.data != NULL ? d->refusals.data : "",
	    .altered = d->altered.data != NULL ? d->altered.data : "",
	    .notes = (const char *const *)d->notes,
	    .note_len = d->note_len,
	    .ever_answered = d->ever_answered,
	};
}
