/* Ends a call to a tracker that lasts too long (three minutes): no call
 * may last for ever. The trackers have time limits of their own for what
 * they wait for; this one catches cases of which they did not think. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "tracker/engine/private.h"

/* Longer than any limit of a tracker: MLflow's is 120 s. */
#define DEADLINE_MS (3 * 60 * 1000)

int64_t
call_limit_due_ms(const struct delivery *d)
{
	int deadline_ms = d->tracker.ops->deadline_ms;
	int64_t sign_ms =
	    d->progress_ms > d->call_ms ? d->progress_ms : d->call_ms;

	int64_t due_ms =
	    sign_ms + (deadline_ms > 0 ? deadline_ms : DEADLINE_MS);

	if (!delivery_is_under_way(d))
		return INT64_MAX;
	/* The user has said how long a call may take now. */
	if (d->draining && !d->patient && due_ms < d->drain_deadline_ms)
		due_ms = d->drain_deadline_ms;
	return due_ms;
}

void
call_limit_check(struct delivery *d)
{
	const struct tracker_ops *ops = d->tracker.ops;
	struct err err = ERR_INIT;

	if (clock_mono_ms() < call_limit_due_ms(d))
		return;
	ops->close(&d->tracker);
	memset(d->tracker.state, 0, ops->state_size);
	if (ops->from_start)
		delivery_begin_anew(d);
	for (int i = 0; i < LANE_COUNT; i++)
		lane_reset(d, (enum lane)i);
	d->phase = PHASE_CLOSED;
	err_set(&err, -ETIMEDOUT, "no answer in time");
	if (!delivery_retry(
		d, ++d->call_failures, 0, &err, &d->asked_ms, &d->call_next_ms))
		delivery_set_phase(d, PHASE_BLOCKED);
	if (ops->configure(&d->tracker, &err) < 0) {
		delivery_say_why(d, &err);
		delivery_set_phase(d, PHASE_BLOCKED);
	}
}
