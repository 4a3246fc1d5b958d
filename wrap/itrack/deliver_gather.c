/* Runs whose trackers all write on this machine are written down, delivered and
 * put away many at a time: each of the three ends with a sync, which costs as much
 * for many as for one. */
#include <sys/resource.h>

#include "base/clock.h"
#include "wrap/itrack/deliver_private.h"

/* Each has some descriptors open meanwhile. */
#define GATHER_DESCRIPTORS 12
/* What takes longer to read is not held so long. */
#define GATHER_MS 1000

size_t
deliver_gather_limit(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0)
		return 0;
	return files.rlim_cur / GATHER_DESCRIPTORS < DELIVER_GATHER_MAX
	    ? (size_t)(files.rlim_cur / GATHER_DESCRIPTORS)
	    : DELIVER_GATHER_MAX;
}

void
deliver_close_gathered(struct deliver *d)
{
	struct item *list[DELIVER_GATHER_MAX], *item;
	size_t len = 0;

	TAILQ_FOREACH (item, &d->items, link) {
		if (!item->gathered)
			continue;
		if (!deliver_is_over(d, item))
			return;
		list[len++] = item;
	}
	deliver_close_items(d, list, len);
}

void
deliver_empty(struct deliver *d)
{
	struct attempt *list[DELIVER_GATHER_MAX];
	struct item *item;
	size_t len = 0;

	TAILQ_FOREACH (item, &d->items, link)
		if (item->gathered)
			list[len++] = item->attempt;
	if (len == 0)
		return;
	attempts_let_go(list, len);
	for (size_t i = 0; i < len; i++)
		attempt_drain(list[i], DRAIN_WHILE_MOVING);
	d->emptying = true;
	loop_kick(d->loop);
	deliver_turn(d);
	d->emptying = false;
}

void
deliver_gather(struct deliver *d, struct item *item)
{
	if (d->gathered == 0)
		d->gathered_since_ms = clock_mono_ms();
	item->gathered = true;
	d->gathered++;
	attempt_gather(item->attempt);
	deliver_end_attempt(item, false);
	if (d->gathered >= d->gather_max ||
	    clock_mono_ms() - d->gathered_since_ms >= GATHER_MS)
		deliver_empty(d);
}
