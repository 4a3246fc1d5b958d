/* One lane of a delivery: reads entries ahead from the journal, hands
 * them to the tracker in batches of bounded size, and moves the cursor by
 * what it confirms. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/log.h"
#include "tracker/engine/private.h"

/* A batch: as many metrics as MLflow takes at once, and so many bytes of the
 * journal that two lanes of four trackers stay within the memory budget. */
#define BATCH_ENTRIES_MAX 1000
#define BATCH_BYTES_MAX   (256 * 1024)
/* How often a file of records that is being written anew is looked at. */
#define RECORDS_AGAIN_MS 500

/* For -v. */
static const char *const lane_names[LANE_COUNT] = {
    "metrics", "files", "records"};

void
lane_init(struct delivery *d, enum lane lane)
{
	struct delivery_lane *l = &d->lanes[lane];

	journal_reader_init(&l->reader, d->journal);
	l->reader.offset = d->cursor.offset[lane];
}

static void
drop_entries(struct delivery_lane *l, size_t n)
{
	if (n == 0)
		return;
	for (size_t i = 0; i < n; i++)
		entry_release(&l->entries[i]);
	l->count -= n;
	memmove(l->entries, l->entries + n, l->count * sizeof *l->entries);
	memmove(l->ends, l->ends + n, l->count * sizeof *l->ends);
}

void
lane_release(struct delivery *d, enum lane lane)
{
	struct delivery_lane *l = &d->lanes[lane];

	drop_entries(l, l->count);
	free(l->entries);
	free(l->ends);
	journal_reader_release(&l->reader);
}

void
lane_reset(struct delivery *d, enum lane lane)
{
	struct delivery_lane *l = &d->lanes[lane];

	drop_entries(l, l->count);
	l->reader.offset = d->cursor.offset[lane];
	l->held = 0;
	l->in_flight = l->ended = l->drained = l->stopped = false;
	l->told_last = false;
}

static void
push_entry(struct delivery_lane *l, const struct entry *e)
{
	if (l->count == l->cap) {
		l->cap = l->cap > 0 ? l->cap * 2 : 16;
		l->entries =
		    xreallocarray(l->entries, l->cap, sizeof *l->entries);
		l->ends = xreallocarray(l->ends, l->cap, sizeof *l->ends);
	}
	l->entries[l->count] = *e;
	l->ends[l->count++] = l->reader.offset;
}

/* A delivery gets the path of a kept file in the place of its name. */
static void
resolve_kept(const struct delivery *d, char **kept)
{
	char *path;

	if (*kept == NULL)
		return;
	path = journal_kept_path(d->journal, *kept);
	free(*kept);
	*kept = path;
}

static int
read_entry(const struct delivery *d, struct delivery_lane *l, struct err *err)
{
	struct entry e;
	int result = journal_read(&l->reader, &e, err);

	if (result <= 0)
		return result;
	if (e.kind == ENTRY_ARTIFACT)
		resolve_kept(d, &e.artifact.kept);
	if (e.kind == ENTRY_RECORDS)
		resolve_kept(d, &e.records.kept);
	push_entry(l, &e);
	return result;
}

/* Reads on until the batch is full or the journal ends; at least one entry more
 * than the tracker held back the last time. */
static void
fill(struct delivery *d, enum lane lane)
{
	struct delivery_lane *l = &d->lanes[lane];
	int64_t from = d->cursor.offset[lane];
	enum entry_kind kind = ENTRY_START;
	struct err err = ERR_INIT;
	int result = 0;

	while (!l->ended &&
	    (l->count <= l->held ||
		(l->count < BATCH_ENTRIES_MAX &&
		    l->reader.offset - from < BATCH_BYTES_MAX)) &&
	    (result = journal_peek(&l->reader, &kind, &err)) > 0) {
		l->ended = kind == ENTRY_END;
		if (l->ended || kind == ENTRY_START ||
		    entry_kind_lane(kind) != lane)
			result = journal_skip(&l->reader, &err);
		else
			result = read_entry(d, l, &err);
		if (result <= 0)
			break;
	}
	if (result < 0) {
		delivery_say_why(d, &err);
		delivery_set_phase(d, PHASE_BLOCKED);
	}
}

static bool
is_idle(const struct delivery *d, enum lane lane)
{
	int idle_ms = d->tracker.ops->idle_ms;

	return lane == LANE_METRICS && idle_ms > 0 && d->phase == PHASE_OPEN &&
	    clock_mono_ms() - d->last_send_ms >= idle_ms;
}

/* The first n entries are settled: the cursor moves behind them. */
static void
take(struct delivery *d, enum lane lane, size_t n, size_t rejected)
{
	struct delivery_lane *l = &d->lanes[lane];

	if (n == 0)
		return;
	d->cursor.offset[lane] = l->ends[n - 1];
	d->cursor.delivered += n - rejected;
	d->cursor.rejected += rejected;
	d->taken += n;
	d->cursor_dirty = true;
	drop_entries(l, n);
}

/* How many entries may be sent now. */
static size_t
front_of(struct delivery *d, enum lane lane)
{
	if (lane == LANE_RECORDS)
		return records_may_go(d) ? 1 : 0;
	return experiment_runs_front(d, lane);
}

/* Was all of the lane sent, and will no more come? */
static bool
is_drained(const struct delivery *d, enum lane lane)
{
	const struct delivery_lane *l = &d->lanes[lane];

	return l->ended && l->count == 0 &&
	    (lane != LANE_RECORDS || !records_owe_last(d));
}

/* Is nothing left but to say so? */
static bool
only_last_is_left(const struct delivery *d)
{
	const struct delivery_lane *l = &d->lanes[LANE_RECORDS];

	return l->ended && l->count == 0 && records_may_end(d);
}

/* Is there nothing to be sent now? */
static bool
waits(const struct delivery *d, enum lane lane, size_t front)
{
	const struct delivery_lane *l = &d->lanes[lane];

	if (lane == LANE_RECORDS)
		return front == 0 && !only_last_is_left(d);
	return front <= l->held && !l->ended && !is_idle(d, lane);
}

/* A tracker without a place for records never hears of them. */
static void
pass_records(struct delivery *d)
{
	struct delivery_lane *l = &d->lanes[LANE_RECORDS];

	if (l->count == 0)
		return;
	records_say_none(d);
	take(d, LANE_RECORDS, l->count, 0);
}

void
lane_pump(struct delivery *d, enum lane lane)
{
	struct delivery_lane *l = &d->lanes[lane];
	struct err err = ERR_INIT;
	enum outcome outcome;
	size_t front;

	if (l->in_flight || l->drained || l->stopped ||
	    clock_mono_ms() < l->next_ms)
		return;
	fill(d, lane);
	if (d->phase == PHASE_BLOCKED)
		return;
	if (lane == LANE_RECORDS && !records_are_taken(d))
		pass_records(d);
	l->drained = is_drained(d, lane);
	front = l->drained ? 0 : front_of(d, lane);
	if (l->drained || waits(d, lane, front))
		return;
	if (lane == LANE_RECORDS && front > 0)
		records_give_copy(d, &l->entries[0].records);
	l->batch = (struct batch){.lane = lane,
	    .entries = l->entries,
	    .count = front,
	    .last = l->ended && front == l->count &&
		(lane != LANE_RECORDS || records_may_end(d)),
	    .done = front};
	l->in_flight = true;
	d->call_ms = clock_mono_ms();
	/* The sign of life that the run needs is another lane's. */
	if (lane != LANE_RECORDS)
		d->last_send_ms = d->call_ms;
	outcome = d->tracker.ops->send(&d->tracker, &l->batch, &err);
	if (outcome != OUTCOME_PENDING)
		lane_send_done(d, lane, outcome, 0, &err);
}

/* The others go on without the records. */
static void
stop(struct delivery *d, enum lane lane)
{
	if (lane == LANE_RECORDS)
		d->lanes[lane].stopped = true;
	else
		delivery_set_phase(d, PHASE_BLOCKED);
}

/* Moves the cursor behind what the tracker took of the batch. */
static void
settle(struct delivery *d, enum lane lane, enum outcome outcome)
{
	struct delivery_lane *l = &d->lanes[lane];
	size_t done = l->batch.done;
	size_t rejected = l->batch.rejected;

	/* A tracker that fails without a word on `done` took nothing. */
	if (outcome != OUTCOME_DONE && done >= l->batch.count)
		done = 0;
	/* Nothing comes behind the last batch: what is held back now would be
	 * held for ever. */
	if (outcome == OUTCOME_DONE && l->batch.last)
		done = l->batch.count;
	take(d, lane, done, rejected < done ? rejected : done);
	if (done > 0)
		log_verbose("%s: %zu entries of %s taken, %zu of them refused",
		    d->target.tracker, done, lane_names[lane],
		    rejected < done ? rejected : done);
	/* A last batch without entries settles what was gathered before. */
	if (outcome == OUTCOME_DONE && l->batch.last && l->batch.count == 0)
		d->cursor.rejected += rejected;
	l->held = outcome == OUTCOME_DONE ? l->batch.count - done : 0;
	if (outcome == OUTCOME_DONE ||
	    (outcome == OUTCOME_REJECTED && l->batch.count == 0))
		l->told_last = l->batch.last;
}

void
lane_send_done(struct delivery *d, enum lane lane, enum outcome outcome,
    int64_t retry_after_ms, const struct err *err)
{
	struct delivery_lane *l = &d->lanes[lane];

	l->in_flight = false;
	if (lane == LANE_RECORDS && records_may_return(d, outcome, err)) {
		l->next_ms = clock_mono_ms() + RECORDS_AGAIN_MS;
		return;
	}
	settle(d, lane, outcome);
	/* The pace is for a run that goes on; its rest goes as fast as it can.
	 */
	l->next_ms = clock_mono_ms();
	if (!d->has_end)
		l->next_ms += d->tracker.ops->pace_ms;
	switch (outcome) {
	case OUTCOME_DONE:
		l->failures = 0;
		delivery_answered(d);
		break;
	case OUTCOME_REJECTED:
		l->failures = 0;
		delivery_answered(d);
		if (lane == LANE_RECORDS)
			records_lose(d, err);
		else
			tracker_refused(&d->tracker, "rejected",
			    err != NULL ? err->message : "");
		if (l->count > 0)
			take(d, lane, 1, 1);
		break;
	case OUTCOME_BLOCKED:
		delivery_say_why(d, err);
		stop(d, lane);
		break;
	default:
		if (l->batch.moved)
			l->failures = 0;
		if (!delivery_retry(d, ++l->failures, retry_after_ms, err,
			lane == LANE_RECORDS ? &d->records_asked_ms
					     : &d->asked_ms,
			&l->next_ms))
			stop(d, lane);
	}
	l->drained = is_drained(d, lane);
}

bool
lane_has_others(const struct delivery *d, enum lane lane)
{
	const struct delivery_lane *l = &d->lanes[lane];
	enum entry_kind kind = ENTRY_START;
	struct journal_reader reader;
	bool found = false;

	if (l->count > (l->in_flight ? l->batch.count : 0))
		return true;
	if (l->ended)
		return false;
	if (!d->has_end)
		return true;
	/* The batch borrows the entries, so these are not read here. */
	journal_reader_init(&reader, d->journal);
	reader.offset = l->reader.offset;
	while (!found && kind != ENTRY_END) {
		if (journal_peek(&reader, &kind, NULL) <= 0)
			found = true; /* could not look */
		else
			found = (kind != ENTRY_START && kind != ENTRY_END &&
				    entry_kind_lane(kind) == lane) ||
			    journal_skip(&reader, NULL) <= 0;
	}
	journal_reader_release(&reader);
	return found;
}

bool
lane_has_more(struct delivery *d, enum lane lane)
{
	const struct delivery_lane *l = &d->lanes[lane];
	size_t front;

	if (l->in_flight || l->drained || l->stopped)
		return false;
	if (lane == LANE_RECORDS &&
	    ((d->phase != PHASE_OPEN && d->phase != PHASE_FINISHED) ||
		(l->count > 0 && !records_may_go(d)) ||
		(l->ended && l->count == 0 && !records_may_end(d))))
		return false;
	front = experiment_runs_front(d, lane);
	return l->ended || front > l->held ||
	    (front == l->count && l->reader.offset < journal_size(d->journal));
}
