/* Decides how long a drain goes on, also with a server that confirms nothing, says
 * nothing, can't be reached, or asks for a rest. */
#include "base/clock.h"
#include "http/http.h"
#include "tracker/engine/private.h"

/* A destination to which no connection comes about gets one last try, so long.
 */
#define DRAIN_AWAY_MS 1000
/* A drain without a time (import, sync) ends where no confirmation came and no
 * byte moved for so long. A request under way has its own time limit (30 s), and
 * a loaded server may need most of it. */
#define DRAIN_UNANSWERED_MS 1000 /* nobody was ever there */
#define DRAIN_STALL_MS      3000
#define DRAIN_UNDER_WAY_MS  35000
/* Such a drain waits so long for a server that asks for a rest. */
#define DRAIN_ASKED_MAX_MS (2 * 60 * 1000)

/* How long a drain without a time goes on without progress. */
static int64_t
stall_ms(const struct delivery *d)
{
	if (delivery_is_under_way(d))
		return DRAIN_UNDER_WAY_MS;
	return d->ever_answered || d->reached ? DRAIN_STALL_MS
					      : DRAIN_UNANSWERED_MS;
}

/* Until when the server asked for a rest, from what is left to be done. */
static int64_t
asked_ms_of(const struct delivery *d)
{
	return d->phase == PHASE_FINISHED && d->lanes[LANE_FILES].drained
	    ? d->records_asked_ms
	    : d->asked_ms;
}

/* Since when such a drain is without progress: not before the end of the rest
 * for which the server asked. */
static int64_t
still_since_ms(const struct delivery *d)
{
	int64_t asked_ms = asked_ms_of(d);

	if (asked_ms > d->progress_ms + DRAIN_ASKED_MAX_MS)
		asked_ms = 0;
	return asked_ms > d->progress_ms ? asked_ms : d->progress_ms;
}

int64_t
delivery_drain_end_ms(const struct delivery *d)
{
	int64_t end_ms = d->drain_deadline_ms;
	int64_t since_ms =
	    d->away_ms > d->drain_since_ms ? d->away_ms : d->drain_since_ms;

	if (d->patient)
		return still_since_ms(d) + stall_ms(d);
	if (d->away_ms != 0 && since_ms + DRAIN_AWAY_MS < end_ms)
		return since_ms + DRAIN_AWAY_MS;
	/* The server has asked for a rest beyond the end: nothing will come. */
	if (asked_ms_of(d) >= end_ms && !delivery_is_under_way(d))
		return d->progress_ms;
	return end_ms;
}

void
delivery_drain(struct delivery *d, int64_t ms)
{
	int64_t now_ms = clock_mono_ms();
	int64_t first_ms = d->asked_ms > now_ms ? d->asked_ms : now_ms;

	d->draining = true;
	d->patient = ms == DRAIN_WHILE_MOVING;
	d->drain_since_ms = now_ms + http_held_ms();
	d->drain_deadline_ms = now_ms + ms;
	d->progress_ms = now_ms;
	d->call_next_ms = first_ms;
	for (int i = 0; i < LANE_COUNT; i++)
		d->lanes[i].next_ms = first_ms;
	if (d->records_asked_ms > first_ms)
		d->lanes[LANE_RECORDS].next_ms = d->records_asked_ms;
	delivery_pump(d);
}
