/* Decides when the records of a run may be sent: behind its metrics and files,
 * which never wait for them. */
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "tracker/common/artifact_source.h"
#include "tracker/engine/private.h"

/* The artifact that has the same bytes, as insideLLMs names it. */
#define RECORDS_ARTIFACT "records.jsonl"

bool
records_are_taken(const struct delivery *d)
{
	return d->tracker.ops->about->records != RECORDS_NONE;
}

bool
records_hold_finish(const struct delivery *d)
{
	return d->tracker.ops->about->records == RECORDS_TABLE &&
	    !d->tracker.records_late;
}

bool
records_owe_last(const struct delivery *d)
{
	return d->tracker.ops->about->records == RECORDS_TABLE &&
	    d->start->records != NULL && !d->lanes[LANE_RECORDS].told_last;
}

bool
records_may_end(const struct delivery *d)
{
	if (d->tracker.ops->about->records != RECORDS_TABLE)
		return true;
	return d->lanes[LANE_METRICS].drained && d->lanes[LANE_FILES].drained &&
	    (records_hold_finish(d) || d->phase == PHASE_FINISHED);
}

/* Is everything of this lane confirmed that stands before `end` in the
 * journal? */
static bool
is_past(const struct delivery_lane *l, int64_t end)
{
	if (l->in_flight)
		return false;
	return l->count > 0 ? l->ends[0] > end
			    : l->drained || l->reader.offset >= end;
}

bool
records_may_go(const struct delivery *d)
{
	const struct delivery_lane *l = &d->lanes[LANE_RECORDS];

	return l->count > 0 && is_past(&d->lanes[LANE_METRICS], l->ends[0]) &&
	    is_past(&d->lanes[LANE_FILES], l->ends[0]);
}

void
records_take_artifact(struct delivery *d, const struct entry_artifact *a)
{
	if (a->kept == NULL || strcmp(a->name, RECORDS_ARTIFACT) != 0)
		return;
	free(d->kept_records);
	d->kept_records = journal_kept_path(d->journal, a->kept);
}

void
records_give_copy(const struct delivery *d, struct entry_records *e)
{
	if (e->kept == NULL && d->kept_records != NULL)
		e->kept = xstrdup(d->kept_records);
}

bool
records_may_return(
    const struct delivery *d, enum outcome outcome, const struct err *err)
{
	return outcome == OUTCOME_REJECTED && !d->has_end && err != NULL &&
	    err->code == SOURCE_CHANGED;
}

void
records_lose(struct delivery *d, const struct err *err)
{
	const struct delivery_lane *l = &d->lanes[LANE_RECORDS];

	if (l->count > 0)
		d->records_lost += l->entries[0].records.count;
	if (d->records_lost_why == NULL)
		d->records_lost_why = xstrdup(err != NULL ? err->message : "");
}

/* How many of so many records --records-max lets through. */
static int64_t
let_through(int64_t records, int64_t max)
{
	int64_t sent = records < max ? records : max - 1, from = max, every = 2;

	for (; from <= records; from *= 2, every *= 2) {
		int64_t last = records < 2 * from - 1 ? records : 2 * from - 1;

		sent += last / every - (from - 1) / every;
	}
	return sent;
}

void
records_say_missing(struct delivery *d)
{
	int64_t max = d->start->records_max, records = d->end.end.last_step;
	char *what;

	if (!records_are_taken(d) || d->start->records == NULL)
		return;
	if (d->has_end && d->lanes[LANE_RECORDS].drained && max > 0 &&
	    records >= max)
		tracker_note(&d->tracker,
		    "%jd of %jd records are there, the others are left out "
		    "(--records-max %jd)",
		    (intmax_t)(let_through(records, max) - d->records_lost),
		    (intmax_t)records, (intmax_t)max);
	if (d->records_lost_why == NULL)
		return;
	what = xasprintf("%jd records not sent", (intmax_t)d->records_lost);
	tracker_refused(&d->tracker, what, d->records_lost_why);
	free(what);
}

void
records_say_none(struct delivery *d)
{
	const char *note = d->tracker.ops->about->records_note;

	tracker_note(
	    &d->tracker, "%s", note != NULL ? note : "no place for --records");
}
