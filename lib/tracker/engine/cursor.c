/* Decides when a delivery writes its cursor, and how long a moved one may
 * stay off the disk. */
#include "base/clock.h"
#include "tracker/engine/private.h"

/* How long a moved cursor may stay off the disk: each write makes and renames a
 * file, and every tracker recognises what a crash repeats. */
#define CURSOR_MS 1000

void
delivery_save_cursor(struct delivery *d)
{
	struct err err = ERR_INIT;

	if (!d->cursor_dirty || journal_is_removed(d->journal))
		return;
	/* A cursor that says "finished" proves as much as the index. */
	if ((d->cursor.finished && delivery_make_durable(d, &err) < 0) ||
	    gather_sync(d, &err) < 0) {
		tracker_note(&d->tracker, "%s", err.message);
		d->cursor_saved_ms = clock_mono_ms();
		return;
	}
	/* A cursor that can't be written costs a repetition after a crash,
	 * which every tracker recognises: no reason to stop. */
	if (cursor_save(d->journal, d->target.tracker, &d->cursor, &err) == 0)
		d->cursor_dirty = false;
	else
		tracker_note(&d->tracker, "%s", err.message);
	d->cursor_saved_ms = clock_mono_ms();
}

int64_t
delivery_cursor_due_ms(const struct delivery *d)
{
	if (!d->cursor_dirty ||
	    (d->tracker.ops->from_start && !d->cursor.finished))
		return INT64_MAX;
	/* One sync for each, where who puts them away makes one for all. */
	if (d->gathered && d->cursor.finished)
		return INT64_MAX;
	return d->cursor_saved_ms + CURSOR_MS;
}

void
delivery_save_cursor_if_due(struct delivery *d)
{
	if (clock_mono_ms() >= delivery_cursor_due_ms(d))
		delivery_save_cursor(d);
}
