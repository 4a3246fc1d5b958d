#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "http/http.h"
#include "wrap/attempt/stop.h"
#include "wrap/itrack/deliver_private.h"
#include "wrap/itrack/progress.h"

/* Independent runs go faster side by side; each holds its batch in memory. A
 * server that is near has enough to do with as many as it has workers (MLflow:
 * 4); more only wait for each other in its database. One that is far away waits
 * for us most of the time. */
#define AT_ONCE_NEAR 4
#define AT_ONCE_FAR  16
#define NEAR_US      5000

/* Were fewer records read than there should be? Such a run is tracked, but is
 * no success. */
static bool
is_short(const struct attempt *a)
{
	const struct watcher *w = attempt_watcher(a);

	return w != NULL && watcher_is_short(w);
}

/* Those that are over at the same time are put away together. */
void
deliver_close_items(struct deliver *d, struct item *const *list, size_t len)
{
	struct attempt *attempts[DELIVER_GATHER_MAX] = {NULL};
	bool complete;

	for (size_t i = 0; i < len; i++) {
		attempts[i] = list[i]->attempt;
		TAILQ_REMOVE(&d->items, list[i], link);
		d->count--;
		d->gathered -= list[i]->gathered ? 1 : 0;
	}
	attempts_put_away(attempts, len);
	for (size_t i = 0; i < len; i++) {
		report_add(d->report, attempts[i]);
		complete = attempt_is_complete(attempts[i]);
		d->complete = d->complete && complete && !is_short(attempts[i]);
		if (d->closed != NULL)
			d->closed(attempts[i], complete, d->data);
		attempt_close(attempts[i]);
		free(list[i]);
		deliver_pass_over(d);
	}
}

void
deliver_end_attempt(struct item *item, bool superseded)
{
	struct attempt_outcome outcome = {.superseded = superseded};

	item->replaced = false;
	attempt_end(item->attempt, &outcome);
}

void
deliver_end_item(struct item *item, bool superseded)
{
	deliver_end_attempt(item, superseded);
	attempt_drain(item->attempt, DRAIN_WHILE_MOVING);
}

static bool
has_room(const struct deliver *d)
{
	return d->count <
	    (http_distance_us() > NEAR_US ? AT_ONCE_FAR : AT_ONCE_NEAR);
}

/* Is the task done for which the loop was run? */
static bool
is_done(const struct deliver *d)
{
	if (d->emptying)
		return d->gathered == 0;
	if (d->waiting)
		return d->woken || d->stop.asked;
	if (d->filling)
		return has_room(d) || (d->follows && d->stop.asked);
	return d->count == 0;
}

void
deliver_turn(struct deliver *d)
{
	if (!is_done(d))
		loop_run(d->loop);
}

static bool
has_delivered_all(const struct attempt *a)
{
	struct delivery_status status;

	for (size_t i = 0; i < attempt_delivery_count(a); i++) {
		attempt_delivery_status(a, i, &status);
		if (attempt_pending(a, status.tracker) > 0)
			return false;
	}
	return true;
}

bool
deliver_is_over(const struct deliver *d, const struct item *item)
{
	const struct attempt *a = item->attempt;

	if (d->stop.asked && (!d->follows || d->finishing))
		return true;
	if (d->late)
		return true;
	if (attempt_is_ended(a))
		return attempt_is_settled(a);
	return d->finishing && has_delivered_all(a);
}

static void
on_turn(struct loop_turn *turn)
{
	struct deliver *d = turn->data;
	struct item *item, *next;

	TAILQ_FOREACH_SAFE (item, &d->items, link, next) {
		if (item->replaced)
			deliver_end_item(item, true);
		attempt_turn(item->attempt);
		if (!item->gathered && deliver_is_over(d, item))
			deliver_close_items(d, &item, 1);
	}
	if (d->emptying)
		deliver_close_gathered(d);
	if (is_done(d))
		loop_stop(d->loop);
}

static void
on_finish(struct loop_timer *timer)
{
	struct deliver *d = timer->data;

	d->late = true;
}

struct deliver *
deliver_new(
    const struct options *options, const char *state_dir, struct report *report)
{
	struct deliver *d = xcalloc(1, sizeof *d);

	d->options = options;
	d->state_dir = state_dir;
	d->report = report;
	d->complete = true;
	TAILQ_INIT(&d->items);
	d->loop = loop_new();
	d->inotify = inotify_new(d->loop);
	d->turn = (struct loop_turn){.end = on_turn, .data = d};
	loop_turn_add(d->loop, &d->turn);
	d->look = (struct loop_timer){.fire = deliver_look_for_ends, .data = d};
	d->finish = (struct loop_timer){.fire = on_finish, .data = d};
	stop_init(&d->stop, d->loop);
	return d;
}

void
deliver_expect(struct deliver *d, size_t total)
{
	report_expect(d->report, total);
	if (total >= DELIVER_GATHER_MIN)
		d->gather_max = deliver_gather_limit();
	if (!options_given(d->options, OPT_QUIET) &&
	    !options_given(d->options, OPT_VERBOSE))
		d->progress = progress_new(d->loop, total);
}

void
deliver_pass_over(struct deliver *d)
{
	if (d->progress != NULL)
		progress_step(d->progress);
}

void
deliver_free(struct deliver *d)
{
	progress_free(d->progress);
	loop_timer_cancel(d->loop, &d->look);
	loop_timer_cancel(d->loop, &d->finish);
	stop_release(&d->stop, d->loop);
	loop_turn_remove(d->loop, &d->turn);
	inotify_free(d->inotify);
	loop_free(d->loop);
	free(d);
}

void
deliver_follow_runs(struct deliver *d)
{
	d->follows = true;
}

/* In the middle of its watcher's work: the end of the turn ends it. */
static void
on_replaced(struct attempt *a, void *data)
{
	struct deliver *d = data;
	struct item *item;

	TAILQ_FOREACH (item, &d->items, link)
		if (item->attempt == a && item->follow)
			item->replaced = true;
	loop_kick(d->loop);
}

struct attempt_config
deliver_config(struct deliver *d)
{
	return (struct attempt_config){
	    .loop = d->loop,
	    .inotify = d->follows || options_given(d->options, OPT_FOLLOW)
		? d->inotify
		: NULL,
	    .options = d->options,
	    .state_dir = d->state_dir,
	    .replaced = d->follows ? on_replaced : NULL,
	    .data = d,
	};
}

void
deliver_add(struct deliver *d, struct attempt *a, bool follow)
{
	struct item *item = xcalloc(1, sizeof *item);

	item->attempt = a;
	item->follow = follow;
	item->changed_ms = clock_mono_ms();
	TAILQ_INSERT_TAIL(&d->items, item, link);
	d->count++;
	if (!follow && d->gather_max > 1 && attempt_is_local(a)) {
		deliver_gather(d, item);
		return;
	}
	if (!follow) {
		deliver_end_item(item, false);
	} else {
		deliver_watch_ends(d);
	}
	/* An attempt that settled at once needs a turn to be closed. */
	loop_kick(d->loop);
	if (follow)
		return;
	d->filling = true;
	deliver_turn(d);
	d->filling = false;
}

bool
deliver_run(struct deliver *d)
{
	deliver_empty(d);
	deliver_turn(d);
	return d->complete;
}

void
deliver_on_closed(struct deliver *d,
    void (*closed)(struct attempt *a, bool complete, void *data), void *data)
{
	d->closed = closed;
	d->data = data;
}

bool
deliver_wait(struct deliver *d)
{
	d->waiting = true;
	deliver_turn(d);
	d->waiting = d->woken = false;
	return !d->stop.asked;
}

void
deliver_wake(struct deliver *d)
{
	d->woken = true;
	loop_kick(d->loop);
}

bool
deliver_is_stopped(const struct deliver *d)
{
	return d->stop.asked;
}

void
deliver_each(const struct deliver *d,
    void (*each)(const struct attempt *a, void *data), void *data)
{
	const struct item *item;

	TAILQ_FOREACH (item, &d->items, link)
		each(item->attempt, data);
}

void
deliver_end(struct deliver *d, const char *run_dir)
{
	struct item *item;

	TAILQ_FOREACH (item, &d->items, link)
		if (item->follow && !attempt_is_ended(item->attempt) &&
		    strcmp(attempt_run_dir(item->attempt), run_dir) == 0)
			deliver_end_item(item, false);
	loop_kick(d->loop);
}

void
deliver_finish(struct deliver *d, int64_t ms)
{
	struct item *item;

	d->finishing = true;
	d->stop.asked = false;
	TAILQ_FOREACH (item, &d->items, link) {
		attempt_scan(item->attempt);
		if (attempt_has_manifest(item->attempt) &&
		    !attempt_is_ended(item->attempt))
			deliver_end_item(item, false);
		if (attempt_is_ended(item->attempt))
			attempt_drain(item->attempt, ms);
	}
	loop_timer_set(d->loop, &d->finish, ms);
	loop_kick(d->loop);
	deliver_turn(d);
}
