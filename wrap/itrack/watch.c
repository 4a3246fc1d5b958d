/* itrack watch: stays, and tracks each run that appears or grows below the
 * directories that are named: run directories, folders of them, or places where
 * there will be some. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/path.h"
#include "base/process.h"
#include "http/http.h"
#include "journal/index.h"
#include "journal/state_dir.h"
#include "wrap/itrack/command.h"
#include "wrap/itrack/timespan.h"
#include "wrap/itrack/watch_private.h"
#include "wrap/options/private.h"

/* As for sync --follow: a thousand runs may end at once. */
#define REQUESTS_PER_SECOND 20

void
watch_print(struct watch *w, bool wanted)
{
	struct report *r = &w->im.report;

	if (wanted && !options_given(w->im.options, OPT_QUIET)) {
		live_hide(w->live);
		fputs(r->text.data, stderr);
		fflush(stderr);
	}
	report_release(r);
	report_init(r, w->im.options);
}

static void
show_attempt(const struct attempt *a, void *data)
{
	struct watch *w = data;

	live_add(w->live, a);
}

static void
on_live_timer(struct loop_timer *timer)
{
	struct watch *w = timer->data;

	live_begin(w->live, w->finished);
	deliver_each(w->im.deliver, show_attempt, w);
	live_draw(w->live);
	loop_timer_set(w->loop, timer, LIVE_EVERY_MS);
}

/* Not with -v: its lines would stand between those of the view. */
static void
begin_live(struct watch *w)
{
	if (options_given(w->im.options, OPT_QUIET) ||
	    options_given(w->im.options, OPT_VERBOSE))
		return;
	w->live = live_new();
	w->live_timer = (struct loop_timer){.fire = on_live_timer, .data = w};
	if (w->live != NULL)
		loop_timer_set(w->loop, &w->live_timer, 0);
}

static void
end_live(struct watch *w)
{
	loop_timer_cancel(w->loop, &w->live_timer);
	live_free(w->live);
	w->live = NULL;
}

static void
on_timer(struct loop_timer *timer)
{
	struct watch *w = timer->data;

	deliver_wake(w->im.deliver);
}

static void
look_at_roots(struct watch *w)
{
	struct node *n;

	RB_FOREACH (n, nodes, &w->nodes)
		if (n->level == 0)
			node_check_root(n);
}

static void
wake_waiting(struct watch *w)
{
	int64_t now_ms = clock_mono_ms();
	struct node *n, *next;

	TAILQ_FOREACH_SAFE (n, &w->waiting, queue, next)
		if (n->next_ms <= now_ms)
			node_put_due(n);
}

static void
set_timer(struct watch *w)
{
	int64_t now_ms = clock_mono_ms(), next_ms = now_ms + WATCH_ROOT_MS;
	struct node *n;

	TAILQ_FOREACH (n, &w->waiting, queue)
		if (n->next_ms < next_ms)
			next_ms = n->next_ms;
	loop_timer_set(
	    w->loop, &w->timer, next_ms > now_ms ? next_ms - now_ms : 0);
}

static void
one_round(struct watch *w)
{
	struct node *n;

	wake_waiting(w);
	while ((n = TAILQ_FIRST(&w->due)) != NULL &&
	    (w->ending || !deliver_is_stopped(w->im.deliver))) {
		TAILQ_REMOVE(&w->due, n, queue);
		n->due = false;
		node_look(n);
	}
	set_timer(w);
}

/* What is in a root is looked at with it: the first round has all of them. */
static void
say_root(struct watch *w, const struct node *root)
{
	size_t runs = 0, old = 0, len = strlen(root->path);
	struct node *n;

	RB_FOREACH (n, nodes, &w->nodes) {
		if (n->kind != NODE_RUN ||
		    strncmp(n->path, root->path, len) != 0 ||
		    (n != root && n->path[len] != '/'))
			continue;
		runs++;
		old += n->old;
	}
	if (!root->watched)
		report_say(&w->im.report, "watching %s, which is not there yet",
		    root->path);
	else if (root->kind == NODE_RUN)
		report_say(&w->im.report, "watching the run directory %s%s",
		    root->path, old > 0 ? ", from its next change on" : "");
	else if (runs == 0)
		report_say(&w->im.report,
		    "watching %s: no run directory is there yet", root->path);
	else if (old == 0)
		report_say(&w->im.report,
		    "watching %s: %zu run director%s there", root->path, runs,
		    runs == 1 ? "y is" : "ies are");
	else
		report_say(&w->im.report,
		    "watching %s: %zu run director%s there, of which %zu %s "
		    "left alone until %s",
		    root->path, runs, runs == 1 ? "y is" : "ies are", old,
		    old == 1 ? "is" : "are",
		    old == 1 ? "it changes" : "they change");
}

static void
say_roots(struct watch *w)
{
	struct node *n;

	RB_FOREACH (n, nodes, &w->nodes)
		if (n->level == 0)
			say_root(w, n);
	if (inotify_is_limited(w->inotify) != NULL)
		report_say(&w->im.report,
		    "some directories are looked at once a second: %s",
		    inotify_is_limited(w->inotify));
	watch_print(w, true);
}

static void
begin(struct watch *w)
{
	const struct options *o = w->im.options;
	struct err err = ERR_INIT;
	struct attempt_config config;

	process_many_descriptors();
	http_set_pace(REQUESTS_PER_SECOND);
	RB_INIT(&w->nodes);
	TAILQ_INIT(&w->due);
	TAILQ_INIT(&w->waiting);
	w->im.watches = true;
	w->im.state_dir = state_dir_path();
	report_init(&w->im.report, w->im.options);
	w->im.deliver = deliver_new(o, w->im.state_dir, &w->im.report);
	deliver_follow_runs(w->im.deliver);
	deliver_on_closed(w->im.deliver, run_on_closed, w);
	config = deliver_config(w->im.deliver);
	w->inotify = config.inotify;
	w->loop = config.loop;
	w->timer = (struct loop_timer){.fire = on_timer, .data = w};
	if (w->im.state_dir != NULL && index_check(w->im.state_dir, &err) < 0)
		report_say(&w->im.report, "%s", err.message);
	for (int i = 0; i < o->argument_count; i++) {
		char *path = path_absolute(o->arguments[i]);

		if (path == NULL)
			path = xstrdup(o->arguments[i]);
		if (node_find(w, path) == NULL)
			node_add(w, path, 0);
		free(path);
	}
}

/* What is complete and was not seen or begun yet. */
static void
look_once_more(struct watch *w)
{
	struct node *n;

	w->ending = true;
	RB_FOREACH (n, nodes, &w->nodes)
		if (n->kind == NODE_FOLDER || n->again)
			node_put_due(n);
	one_round(w);
}

static void
end(struct watch *w)
{
	struct node *n;

	end_live(w);
	look_once_more(w);
	deliver_finish(w->im.deliver, options_drain_ms(w->im.options));
	watch_print(w, true);
	loop_timer_cancel(w->loop, &w->timer);
	while ((n = RB_MIN(nodes, &w->nodes)) != NULL)
		node_free(n);
	deliver_free(w->im.deliver);
	report_release(&w->im.report);
	free(w->im.state_dir);
}

static int
watch_run(const struct options *options)
{
	struct watch w = {.im.options = options};
	struct err err = ERR_INIT;

	if (options->argument_count == 0)
		return command_usage(
		    &command_watch, "name at least one directory");
	w.started_us = w.since_us = clock_wall_us();
	if (options_given(options, OPT_SINCE) &&
	    timespan_since(
		options->value[OPT_SINCE], w.started_us, &w.since_us, &err) < 0)
		return command_usage(
		    &command_watch, "--since: %s", err.message);
	begin(&w);
	w.starting = true;
	one_round(&w);
	w.starting = false;
	say_roots(&w);
	begin_live(&w);
	while (deliver_wait(w.im.deliver)) {
		look_at_roots(&w);
		one_round(&w);
	}
	end(&w);
	return STATUS_OK;
}

const struct command command_watch = {
    .name = "watch",
    .program = PROGRAM_WATCH,
    .usage = "itrack watch [option]... dir...",
    .about = "stay, and track the runs that appear in directories",
    .run = watch_run,
};
