/* The scout reads ahead of the lanes: it finds the run ID, the end, the copy of the
 * records, and the number of entries. */
#include "base/die.h"
#include "tracker/engine/private.h"

static void
count_entry(struct delivery *d, enum entry_kind kind)
{
	d->known++;
	if (kind == ENTRY_EXPERIMENT)
		experiment_runs_count(d);
	if (d->scout.offset <= d->cursor.offset[entry_kind_lane(kind)])
		d->taken++;
}

/* Moves the scout behind one entry. It decodes only the entries that it needs;
 * the lanes read the others. */
static int
scout_entry(struct delivery *d, enum entry_kind kind, struct err *err)
{
	struct entry e;
	int result;

	if (kind != ENTRY_END && (kind != ENTRY_RUN_ID || d->run_id != NULL) &&
	    (kind != ENTRY_ARTIFACT || d->start->records == NULL ||
		!records_are_taken(d)))
		return journal_skip(&d->scout, err);
	result = journal_read(&d->scout, &e, err);
	if (result <= 0)
		return result;
	if (kind == ENTRY_END) {
		d->end = e;
		d->has_end = true;
		return 1;
	}
	if (kind == ENTRY_RUN_ID)
		d->run_id = xstrdup(e.run_id);
	else
		records_take_artifact(d, &e.artifact);
	entry_release(&e);
	return 1;
}

void
delivery_look_ahead(struct delivery *d)
{
	enum entry_kind kind = ENTRY_START;
	struct err err = ERR_INIT;
	int result = 0;

	while (!d->has_end &&
	    (result = journal_peek(&d->scout, &kind, &err)) > 0 &&
	    (result = scout_entry(d, kind, &err)) > 0)
		if (kind != ENTRY_START && kind != ENTRY_END)
			count_entry(d, kind);
	if (result < 0) {
		delivery_say_why(d, &err);
		delivery_set_phase(d, PHASE_BLOCKED);
	}
}
