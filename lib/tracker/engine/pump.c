/* Decides what a delivery does next, and when: it opens the run, feeds the lanes, ends
 * the run, and sets one timer for all that waits. */
#include "base/clock.h"
#include "base/log.h"
#include "tracker/engine/private.h"

static bool
must_be_on_disk(const struct delivery *d)
{
	return (d->tracker.ops->remote && !d->stays_here) ||
	    !d->tracker.ops->from_start;
}

static void
try_open(struct delivery *d)
{
	struct err err = ERR_INIT;
	enum outcome outcome;

	if (d->tracker.ops->needs_run_id && d->run_id == NULL && !d->has_end)
		return;
	if (clock_mono_ms() < d->call_next_ms)
		return;
	delivery_fill_info(d);
	d->phase = PHASE_OPENING;
	log_verbose("%s: opening the run", d->target.tracker);
	/* An output that stays while its journal is lost would be somebody
	 * else's: the run would get a second one. */
	journal_sync(d->journal, NULL);
	d->call_ms = clock_mono_ms();
	outcome = d->tracker.ops->open(&d->tracker, &d->info, &err);
	if (outcome != OUTCOME_PENDING)
		delivery_open_done(d, outcome, 0, &err);
}

static void
try_finish(struct delivery *d)
{
	const struct delivery_lane *files = &d->lanes[LANE_FILES];
	struct run_end end = {.end = &d->end.end, .ended_us = d->end.time_us};
	struct err err = ERR_INIT;
	enum outcome outcome;

	if (!d->has_end || !d->lanes[LANE_METRICS].drained ||
	    clock_mono_ms() < d->call_next_ms)
		return;
	if (d->tracker.ops->files_before_finish && !files->drained)
		return;
	if (records_hold_finish(d) && !d->lanes[LANE_RECORDS].drained)
		return;
	d->phase = PHASE_FINISHING;
	log_verbose("%s: ending the run", d->target.tracker);
	d->call_ms = clock_mono_ms();
	outcome = d->tracker.ops->finish(&d->tracker, &end, &err);
	if (outcome != OUTCOME_PENDING)
		delivery_finish_done(d, outcome, 0, &err);
}

/* The earlier of two times. A time that is past does not count: its task was
 * done in this pump, or waits for something else. */
static int64_t
earlier(int64_t now_ms, int64_t due_ms, int64_t other_ms)
{
	return other_ms > now_ms && other_ms < due_ms ? other_ms : due_ms;
}

/* Sets the one timer for all that waits: backoff, pace, idle, the end of the
 * drain. */
static void
set_timer(struct delivery *d)
{
	int64_t now_ms = clock_mono_ms();
	int64_t due_ms = INT64_MAX;
	int64_t deadline_ms;
	int idle_ms = d->tracker.ops->idle_ms;

	if (d->phase == PHASE_CLOSED || d->phase == PHASE_OPEN)
		due_ms = earlier(now_ms, due_ms, d->call_next_ms);
	for (int i = 0; i < LANE_COUNT && d->phase >= PHASE_OPEN; i++) {
		int64_t next_ms = d->lanes[i].next_ms;

		if (!lane_has_more(d, (enum lane)i))
			continue;
		if (next_ms <= now_ms)
			next_ms = now_ms + 1;
		due_ms = earlier(now_ms, due_ms, next_ms);
	}
	if (d->phase == PHASE_OPEN && idle_ms > 0)
		due_ms = earlier(now_ms, due_ms, d->last_send_ms + idle_ms);
	due_ms = earlier(now_ms, due_ms, delivery_cursor_due_ms(d));
	due_ms = earlier(now_ms, due_ms, experiment_runs_wait_ms(d));
	deadline_ms = call_limit_due_ms(d);
	due_ms = earlier(
	    now_ms, due_ms, deadline_ms > now_ms ? deadline_ms : now_ms + 1);
	if (d->draining)
		due_ms = earlier(now_ms, due_ms, delivery_drain_end_ms(d));
	if (due_ms == INT64_MAX)
		loop_timer_cancel(d->loop, &d->timer);
	else
		loop_timer_set(d->loop, &d->timer, due_ms - now_ms);
}

/* Is all there, or all but the records that can't be sent now? */
static void
complete_if_done(struct delivery *d)
{
	const struct delivery_lane *records = &d->lanes[LANE_RECORDS];
	bool others = d->has_end && d->lanes[LANE_METRICS].drained &&
	    d->lanes[LANE_FILES].drained;

	if (d->phase == PHASE_FINISHED && others && records->drained)
		delivery_set_phase(d, PHASE_COMPLETE);
	else if (records->stopped && others &&
	    (d->phase == PHASE_FINISHED ||
		(d->phase == PHASE_OPEN && records_hold_finish(d))))
		delivery_set_phase(d, PHASE_BLOCKED);
}

void
delivery_pump(struct delivery *d)
{
	if (d->phase == PHASE_COMPLETE) {
		delivery_save_cursor_if_due(d);
		return;
	}
	/* We read on even after giving up, because the report says how much is
	 * left. */
	delivery_look_ahead(d);
	if (d->phase > PHASE_COMPLETE)
		return;
	if (d->phase == PHASE_CLOSED)
		try_open(d);
	/* An entry must be on the disk before it is first sent to another
	 * machine: after a power loss it must not be made anew with another
	 * time. */
	if (d->phase >= PHASE_OPEN && must_be_on_disk(d))
		journal_sync(d->journal, NULL);
	if (d->phase == PHASE_OPEN)
		lane_pump(d, LANE_METRICS);
	if (d->phase >= PHASE_OPEN && d->phase <= PHASE_FINISHED)
		lane_pump(d, LANE_FILES);
	if (d->phase == PHASE_OPEN)
		try_finish(d);
	/* Last, so that nothing else waits for them. */
	if (d->phase == PHASE_OPEN || d->phase == PHASE_FINISHED)
		lane_pump(d, LANE_RECORDS);
	if (d->phase == PHASE_OPEN && records_hold_finish(d))
		try_finish(d);
	complete_if_done(d);
	if (d->phase >= PHASE_COMPLETE)
		return;
	delivery_save_cursor_if_due(d);
	if (d->draining && clock_mono_ms() >= delivery_drain_end_ms(d))
		delivery_set_phase(d, PHASE_GIVEN_UP);
	else
		set_timer(d);
}

void
delivery_kick(struct delivery *d)
{
	delivery_pump(d);
}
