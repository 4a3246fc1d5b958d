/* Decides when the records of a run may be sent: behind its metrics and files,
 * which never wait for them. */
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
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
	return d->tracker.ops->about->records == RECORDS_TABLE;
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

void
records_say_none(struct delivery *d)
{
	const struct tracker_about *about = d->tracker.ops->about;

	if (about->records_note != NULL)
		tracker_note(&d->tracker, "%s", about->records_note);
	else
		tracker_note(
		    &d->tracker, "%s has no place for records", about->name);
}
