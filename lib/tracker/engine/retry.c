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

static void
say_tried(struct delivery *d, int failures)
{
	char *why = d->why;

	d->why = xasprintf("%s (tried %d %s)", why != NULL ? why : "failed",
	    failures, failures == 1 ? "time" : "times");
	free(why);
}

void
delivery_retry(struct delivery *d, int failures, int64_t retry_after_ms,
    const struct err *err, int64_t *next_ms)
{
	const struct retry *retry = &d->tracker.retry;
	int64_t wait_ms = retry->first_ms;

	delivery_say_why(d, err);
	if (retry->most >= 0 && failures > retry->most) {
		say_tried(d, failures);
		delivery_set_phase(d, PHASE_BLOCKED);
		return;
	}
	if (wait_ms < RETRY_LEAST_MS)
		wait_ms = RETRY_LEAST_MS;
	for (int i = 1; i < failures && wait_ms < RETRY_MOST_MS; i++)
		wait_ms *= 2;
	if (wait_ms > RETRY_MOST_MS)
		wait_ms = RETRY_MOST_MS;
	wait_ms += random_below((uint32_t)wait_ms / 4 + 1);
	if (wait_ms < retry_after_ms && !retry->ignore_retry_after)
		wait_ms = retry_after_ms;
	log_verbose("%s: failed (%d in a row): %s; again in %.1f s",
	    d->target.tracker, failures, d->why != NULL ? d->why : "",
	    (double)wait_ms / 1000);
	*next_ms = clock_mono_ms() + wait_ms;
}
