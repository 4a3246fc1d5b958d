/* Decides when a failed call is tried again (the waits between tries),
 * and when no more. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/log.h"
#include "base/random.h"
#include "tracker/engine/private.h"

/* Each wait in a row is twice the one before, at most a minute, plus up to a
 * quarter at random so that many clients do not come at once. */
#define RETRY_LEAST_MS 100 /* who wants no wait at all gets this one */
#define RETRY_MOST_MS  60000
/* What a server asks of many at once must not bring them back at one moment: to
 * its Retry-After comes a random part of the wait that it replaces, at most so
 * much. */
#define RETRY_SPREAD_MS 10000
/* While the user waits, a wait takes no more than this part of the time that is
 * left. */
#define RETRY_DRAIN_PART     4
#define RETRY_DRAIN_LEAST_MS 1000

static void
say_tried(struct delivery *d, int failures)
{
	char *why = d->why;

	d->why = xasprintf("%s (tried %d %s)", why != NULL ? why : "failed",
	    failures, failures == 1 ? "time" : "times");
	free(why);
}

/* The longest wait. */
static int64_t
most_ms(const struct delivery *d)
{
	int64_t ms;

	if (!d->draining || d->patient)
		return RETRY_MOST_MS;
	ms = (d->drain_deadline_ms - clock_mono_ms()) / RETRY_DRAIN_PART;
	if (ms < RETRY_DRAIN_LEAST_MS)
		ms = RETRY_DRAIN_LEAST_MS;
	return ms < RETRY_MOST_MS ? ms : RETRY_MOST_MS;
}

/* Without a word of the server. */
static int64_t
own_wait_ms(const struct delivery *d, int failures)
{
	int64_t wait_ms = d->tracker.retry.first_ms, most = most_ms(d);

	if (wait_ms < RETRY_LEAST_MS)
		wait_ms = RETRY_LEAST_MS;
	for (int i = 1; i < failures && wait_ms < most; i++)
		wait_ms *= 2;
	if (wait_ms > most)
		wait_ms = most;
	return wait_ms + random_below((uint32_t)wait_ms / 4 + 1);
}

bool
delivery_retry(struct delivery *d, int failures, int64_t retry_after_ms,
    const struct err *err, int64_t *asked_ms, int64_t *next_ms)
{
	const struct retry *retry = &d->tracker.retry;
	int64_t wait_ms = own_wait_ms(d, failures);

	delivery_say_why(d, err);
	if (d->away_ms == 0)
		d->reached = true;
	if (retry->most >= 0 && failures > retry->most) {
		say_tried(d, failures);
		return false;
	}
	if (retry_after_ms > 0 && !retry->ignore_retry_after) {
		if (wait_ms > RETRY_SPREAD_MS)
			wait_ms = RETRY_SPREAD_MS;
		wait_ms = retry_after_ms + random_below((uint32_t)wait_ms);
		*asked_ms = clock_mono_ms() + wait_ms;
	}
	log_verbose("%s: failed (%d in a row): %s; again in %.1f s",
	    d->target.tracker, failures, d->why != NULL ? d->why : "",
	    (double)wait_ms / 1000);
	*next_ms = clock_mono_ms() + wait_ms;
	return true;
}
