/* Decides whether the experiments of a run get runs of their own at a tracker
 * that makes such runs, or all share one, because they are too many.
 *
 * Who begins with runs of their own can't take them back, so the entries of
 * experiments wait until it is known how many experiments there are: the run
 * has ended, or the journal has had a second for those that arrive together (a
 * harness writes all records at its end). The decision is kept in the cursor,
 * before anything hangs on it. Experiments beyond the limit that appear later
 * go into the run of all. */
#include <string.h>

#include "base/clock.h"
#include "tracker/engine/private.h"

/* Lists and charts of more runs than these help nobody. */
#define OWN_RUNS_MAX 50
#define WAIT_MS      1000
/* Under this name the cursor keeps the decision. */
#define REMEMBERED "layout"
#define OWN_RUNS   "own runs"
#define ONE_RUN    "one run"

void
experiment_runs_init(struct delivery *d)
{
	const char *known = tracker_recall(&d->tracker, REMEMBERED);

	d->layout = LAYOUT_UNDECIDED;
	d->layout_due_ms = INT64_MAX;
	if (!d->tracker.own_runs)
		d->layout = LAYOUT_ONE_RUN;
	else if (known != NULL)
		d->layout = strcmp(known, ONE_RUN) == 0 ? LAYOUT_ONE_RUN
							: LAYOUT_OWN_RUNS;
}

static void
say(struct delivery *d)
{
	if (!d->tracker.own_runs || d->experiments <= OWN_RUNS_MAX)
		return;
	if (d->layout == LAYOUT_ONE_RUN)
		tracker_note(&d->tracker,
		    "more than %d experiments: they share one run, where the "
		    "names of their values begin with MODEL/PROBE/",
		    OWN_RUNS_MAX);
	else if (d->layout == LAYOUT_OWN_RUNS)
		tracker_note(&d->tracker,
		    "more than %d experiments: those behind have no runs of "
		    "their own; the names of their values begin with "
		    "MODEL/PROBE/",
		    OWN_RUNS_MAX);
}

void
experiment_runs_count(struct delivery *d)
{
	if (++d->experiments == OWN_RUNS_MAX + 1)
		say(d);
}

static void
decide(struct delivery *d)
{
	if (d->layout_due_ms == INT64_MAX)
		d->layout_due_ms = clock_mono_ms() + WAIT_MS;
	if (d->experiments <= OWN_RUNS_MAX && !d->has_end && !d->draining &&
	    clock_mono_ms() < d->layout_due_ms)
		return;
	d->layout =
	    d->experiments > OWN_RUNS_MAX ? LAYOUT_ONE_RUN : LAYOUT_OWN_RUNS;
	tracker_remember(&d->tracker, REMEMBERED,
	    d->layout == LAYOUT_ONE_RUN ? ONE_RUN : OWN_RUNS);
	say(d);
}

size_t
experiment_runs_front(struct delivery *d, enum lane lane)
{
	const struct delivery_lane *l = &d->lanes[lane];
	size_t front = 0;

	if (d->layout != LAYOUT_UNDECIDED || lane != LANE_METRICS)
		return l->count;
	while (front < l->count &&
	    entry_experiment_index(&l->entries[front]) == ENTRY_NO_EXPERIMENT)
		front++;
	if (front < l->count)
		decide(d);
	return d->layout != LAYOUT_UNDECIDED ? l->count : front;
}

int64_t
experiment_runs_wait_ms(const struct delivery *d)
{
	return d->layout == LAYOUT_UNDECIDED ? d->layout_due_ms : INT64_MAX;
}

bool
tracker_has_own_run(const struct tracker *t, int64_t experiment)
{
	return t->delivery->layout == LAYOUT_OWN_RUNS && experiment >= 0 &&
	    experiment < OWN_RUNS_MAX;
}
