/* Decides when a run that import or sync follows has ended: its manifest is there, and
 * nothing has changed for a while. */
#include "base/clock.h"
#include "mapping/names.h"
#include "wrap/itrack/deliver_private.h"

/* A followed run has ended when its manifest exists and nothing changed for so
 * long: summary and report are written after the manifest. */
#define QUIET_MS 2000
/* How often that is looked at. */
#define LOOK_MS 500

void
deliver_watch_ends(struct deliver *d)
{
	loop_timer_set(d->loop, &d->look, LOOK_MS);
}

/* Of this run: one that goes on may still have an older one. */
static bool
manifest_is_there(const struct item *item)
{
	const struct watcher_stamp *old = attempt_old_manifest(item->attempt);
	const char *dir = attempt_run_dir(item->attempt);
	struct watcher_stamp now = watcher_stamp(dir, MANIFEST_FILE);

	return now.there &&
	    (!old->there || now.inode != old->inode ||
		now.mtime_ns != old->mtime_ns || now.ctime_ns != old->ctime_ns);
}

void
deliver_look_for_ends(struct loop_timer *timer)
{
	struct deliver *d = timer->data;
	struct item *item;
	bool any = false;

	TAILQ_FOREACH (item, &d->items, link) {
		const struct watcher *w = attempt_watcher(item->attempt);

		if (!item->follow || w == NULL ||
		    attempt_is_ended(item->attempt))
			continue;
		any = true;
		if (watcher_tail(w)->offset != item->offset) {
			item->offset = watcher_tail(w)->offset;
			item->changed_ms = clock_mono_ms();
		}
		if (clock_mono_ms() - item->changed_ms < QUIET_MS ||
		    !manifest_is_there(item))
			continue;
		deliver_end_item(item, false);
	}
	if (any)
		deliver_watch_ends(d);
}
