#include "wrap/itrack/deliver.h"

#include <stdlib.h>
#include <sys/queue.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "http/http.h"
#include "mapping/names.h"
#include "wrap/attempt/stop.h"
#include "wrap/itrack/progress.h"

/* Independent runs go faster side by side; each holds its batch in memory. A
 * server that is near has enough to do with as many as it has workers (MLflow:
 * 4); more only wait for each other in its database. One that is far away waits
 * for us most of the time. */
#define AT_ONCE_NEAR 4
#define AT_ONCE_FAR  16
#define NEAR_US      5000
/* A followed run has ended when its manifest exists and nothing changed for so
 * long: summary and report are written after the manifest. */
#define QUIET_MS 2000
/* How often that is looked at. */
#define LOOK_MS 500

struct item {
	struct attempt *attempt;
	bool follow;
	int64_t changed_ms; /* when the records last grew */
	int64_t offset;
	TAILQ_ENTRY(item) link;
};

struct deliver {
	const struct options *options;
	const char *state_dir;
	struct report *report;
	struct loop *loop;
	struct tree *tree;
	struct loop_turn turn;
	struct stop stop;
	struct loop_timer look;
	size_t count;
	TAILQ_HEAD(, item) items;
	bool complete, waiting, woken;
	void (*closed)(struct attempt *a, bool complete, void *data);
	void *data;
	struct progress *progress; /* NULL: not expected to be many */
	bool filling;              /* more come as soon as there is room */
};

/* Were fewer records read than there should be? Such a run is tracked, but is
 * no success. */
static bool
is_short(const struct attempt *a)
{
	const struct watcher *w = attempt_watcher(a);

	return w != NULL && watcher_is_short(w);
}

static void
close_item(struct deliver *d, struct item *item)
{
	bool complete;

	TAILQ_REMOVE(&d->items, item, link);
	d->count--;
	attempt_put_away(item->attempt);
	report_add(d->report, item->attempt);
	complete = attempt_is_complete(item->attempt);
	d->complete = d->complete && complete && !is_short(item->attempt);
	if (d->closed != NULL)
		d->closed(item->attempt, complete, d->data);
	attempt_close(item->attempt);
	free(item);
	deliver_pass_over(d);
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
	if (d->waiting)
		return d->woken || d->stop.asked;
	return d->filling ? has_room(d) : d->count == 0;
}

static void
turn_until_done(struct deliver *d)
{
	if (!is_done(d))
		loop_run(d->loop);
}

static void
on_turn(struct loop_turn *turn)
{
	struct deliver *d = turn->data;
	struct item *item, *next;

	TAILQ_FOREACH_SAFE (item, &d->items, link, next) {
		attempt_turn(item->attempt);
		if ((attempt_is_ended(item->attempt) &&
			attempt_is_settled(item->attempt)) ||
		    d->stop.asked)
			close_item(d, item);
	}
	if (is_done(d))
		loop_stop(d->loop);
}

static bool
manifest_is_there(const struct item *item)
{
	const char *dir = attempt_run_dir(item->attempt);

	return watcher_stamp(dir, MANIFEST_FILE).there;
}

static void
on_look(struct loop_timer *timer)
{
	struct deliver *d = timer->data;
	struct attempt_outcome outcome = {0};
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
		attempt_end(item->attempt, &outcome);
		attempt_drain(item->attempt, DRAIN_WHILE_MOVING);
	}
	if (any)
		loop_timer_set(d->loop, timer, LOOK_MS);
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
	d->tree = tree_new(d->loop);
	d->turn = (struct loop_turn){.end = on_turn, .data = d};
	loop_turn_add(d->loop, &d->turn);
	d->look = (struct loop_timer){.fire = on_look, .data = d};
	stop_init(&d->stop, d->loop);
	return d;
}

void
deliver_expect(struct deliver *d, size_t total)
{
	report_expect(d->report, total);
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
	stop_release(&d->stop, d->loop);
	loop_turn_remove(d->loop, &d->turn);
	tree_free(d->tree);
	loop_free(d->loop);
	free(d);
}

struct attempt_config
deliver_config(struct deliver *d)
{
	return (struct attempt_config){
	    .loop = d->loop,
	    .tree = options_given(d->options, OPT_FOLLOW) ? d->tree : NULL,
	    .options = d->options,
	    .state_dir = d->state_dir,
	};
}

void
deliver_add(struct deliver *d, struct attempt *a, bool follow)
{
	struct item *item = xcalloc(1, sizeof *item);
	struct attempt_outcome outcome = {0};

	item->attempt = a;
	item->follow = follow;
	item->changed_ms = clock_mono_ms();
	TAILQ_INSERT_TAIL(&d->items, item, link);
	d->count++;
	if (!follow) {
		attempt_end(a, &outcome);
		attempt_drain(a, DRAIN_WHILE_MOVING);
	} else {
		loop_timer_set(d->loop, &d->look, LOOK_MS);
	}
	/* An attempt that settled at once needs a turn to be closed. */
	loop_kick(d->loop);
	if (follow)
		return;
	d->filling = true;
	turn_until_done(d);
	d->filling = false;
}

bool
deliver_run(struct deliver *d)
{
	turn_until_done(d);
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
	turn_until_done(d);
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
