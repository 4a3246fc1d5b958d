/* Decides what deliveries have in common that begin and are put away together:
 * the syncs. */
#include "journal/journal.h"
#include "tracker/common/marked.h"
#include "tracker/engine/private.h"

void
delivery_gather(struct delivery *d)
{
	d->gathered = true;
}

static bool
may_prepare(const struct delivery *d)
{
	return d->tracker.ops->prepare != NULL && d->phase == PHASE_CLOSED &&
	    d->has_end && !d->cursor.opened && !journal_needs_sync(d->journal);
}

void
deliveries_prepare(struct delivery *const *list, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		struct delivery *d = list[i];

		delivery_look_ahead(d);
		if (!may_prepare(d))
			continue;
		delivery_fill_info(d);
		d->tracker.ops->prepare(&d->tracker, &d->info);
	}
	marked_sync();
}

int
gather_sync(struct delivery *d, struct err *err)
{
	if (!d->gathered || d->cursor.finished || !d->cursor.opened ||
	    d->tracker.ops->sync == NULL)
		return 0;
	return d->tracker.ops->sync(&d->tracker, err);
}
