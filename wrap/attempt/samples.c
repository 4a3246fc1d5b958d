/* Decides which samples of system metrics an attempt keeps: as many as a run has
 * points, and of a run that had none a last one. */
#include "base/clock.h"
#include "mapping/points.h"
#include "wrap/attempt/private.h"

bool
attempt_has_sample(const struct attempt *a)
{
	return a->samples > 0;
}

static void
keep_sample(struct attempt *a, const struct metric *list, size_t len, bool only,
    int64_t time_us)
{
	struct entry e;

	if (a->watcher == NULL || len == 0)
		return;
	entry_init(&e, ENTRY_METRICS, time_us);
	e.metrics.step = derive_last_step(watcher_derive(a->watcher));
	e.metrics.sample = a->samples;
	e.metrics.summary = only;
	for (size_t i = 0; i < len; i++)
		entry_add_metric(&e, list[i].name, list[i].value);
	attempt_keep(a, &e);
}

void
attempt_sample(
    struct attempt *a, const struct metric *list, size_t len, bool more)
{
	if (a->end != END_OPEN || len == 0 || (more && a->samples == 0))
		return;
	if (!more)
		a->samples++;
	/* Samples are as many as points: a run of days has no more of them. */
	if (points_is_due(
		(uint64_t)a->samples, (uint64_t)attempt_start(a)->points))
		keep_sample(a, list, len, false, clock_wall_us());
}

/* Behind the last point, whose time is that of the last record. The only sample
 * is a value that the run came to: a chart of it would be one dot. */
void
attempt_keep_last_sample(
    struct attempt *a, const struct attempt_outcome *outcome, int64_t time_us)
{
	if (a->samples > 0 || outcome->sample_len == 0)
		return;
	a->samples = 1;
	keep_sample(a, outcome->sample, outcome->sample_len, true, time_us);
}
