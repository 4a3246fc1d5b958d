#include "wrap/itrack/sync_follow.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/path.h"
#include "http/http.h"
#include "journal/index.h"
#include "journal/state_dir.h"
#include "watcher/inotify.h"
#include "wrap/attempt/attempt.h"
#include "wrap/itrack/command.h"
#include "wrap/itrack/deliver.h"
#include "journal/health.h"
#include "wrap/attempt/report.h"

/* How long an undelivered journal waits for the next try: a server that is down
 * for the day gets one request a minute for each attempt. */
#define RETRY_MS (60 * 1000)
/* A thousand nodes may end at once; their server is one. */
#define REQUESTS_PER_SECOND 20
/* The owner still delivers the journal itself, and does not tell us when that
 * ends. */
#define BUSY_MS 1000

struct root {
	struct follower *follower;
	char *dir;
	struct inotify_watch watch; /* of dir/runs */
	bool said;                  /* that it can't be listed */
	TAILQ_ENTRY(root) link;
};

/* One journal that is there. */
struct known {
	struct root *root;
	char *attempt;
	struct inotify_watch watch; /* while its owner is left to write it */
	bool watched;
	bool due;          /* look at it in this round */
	int64_t next_ms;   /* or then; 0: only when it changes */
	struct attempt *a; /* under way */
	bool said;         /* what is wrong with it */
	bool seen;
	TAILQ_ENTRY(known) link;
};

struct follower {
	const struct options *options;
	struct deliver *deliver;
	struct report report;
	struct inotify *inotify;
	struct loop *loop;
	struct loop_timer timer;
	bool list;           /* the directories have changed */
	struct root *listed; /* while it is listed */
	TAILQ_HEAD(, root) roots;
	TAILQ_HEAD(, known) known;
};

/* Prints the report as it is now, and empties it. */
static void
print_report(struct follower *f, bool wanted)
{
	if (wanted && !options_given(f->options, OPT_QUIET)) {
		fputs(f->report.text.data, stderr);
		fflush(stderr);
	}
	report_release(&f->report);
	report_init(&f->report, f->options);
}

static void
on_root(struct inotify_watch *watch)
{
	struct root *r = watch->data;

	r->follower->list = true;
	deliver_wake(r->follower->deliver);
}

static void
on_journal(struct inotify_watch *watch)
{
	struct known *k = watch->data;

	k->due = true;
	deliver_wake(k->root->follower->deliver);
}

static void
on_timer(struct loop_timer *timer)
{
	struct follower *f = timer->data;

	f->list = true;
	deliver_wake(f->deliver);
}

static void
on_closed(struct attempt *a, bool complete, void *data)
{
	struct follower *f = data;
	struct known *k;

	TAILQ_FOREACH (k, &f->known, link)
		if (k->a == a)
			break;
	if (k == NULL)
		return;
	print_report(f, complete || !k->said);
	k->said = !complete;
	k->a = NULL;
	k->next_ms = clock_mono_ms() + RETRY_MS;
	f->list = true;
	deliver_wake(f->deliver);
}

static void
unwatch(struct known *k)
{
	if (k->watched)
		inotify_remove(&k->watch);
	k->watched = false;
}

/* Its owner goes on: looks again when the journal changes, or its owner closes
 * it. True: the watch is new, and what came before it has made no event. */
static bool
watch_journal(struct follower *f, struct known *k)
{
	char *path;

	k->next_ms = clock_mono_ms() + RETRY_MS;
	if (k->watched)
		return false;
	path = xasprintf("%s/runs/%s", k->root->dir, k->attempt);
	k->watch = (struct inotify_watch){.changed = on_journal, .data = k};
	k->watched = inotify_add(f->inotify, &k->watch, path, NULL) == 0;
	free(path);
	return k->watched;
}

static void
say_once(struct follower *f, struct known *k, const struct err *err)
{
	struct err whole = *err;

	err_prefix(&whole, "%s", k->attempt);
	report_say(&f->report, "%s", whole.message);
	print_report(f, !k->said);
	k->said = true;
	k->next_ms = clock_mono_ms() + RETRY_MS;
}

static void
adopt(struct follower *f, struct known *k)
{
	struct attempt_config config = deliver_config(f->deliver);
	struct err err = ERR_INIT;
	int result;

	/* Otherwise our own opening and closing would be a change, too. */
	unwatch(k);
	config.inotify = NULL;
	config.state_dir = k->root->dir;
	result = attempt_adopt(&k->a, &config, k->attempt, &err);
	if (result == -EBUSY) {
		k->next_ms = clock_mono_ms() + BUSY_MS;
	} else if (result == -ENOENT) {
		k->next_ms = 0;
	} else if (result < 0) {
		say_once(f, k, &err);
	} else {
		k->next_ms = 0;
		deliver_add(f->deliver, k->a, false);
	}
}

/* True: to be looked at once more. */
static bool
look_once(struct follower *f, struct known *k)
{
	struct entry start;
	struct err err = ERR_INIT;
	bool wait;
	int result;

	k->next_ms = 0;
	/* Its maker is about to write the first entry, or is dead. */
	if (journals_discard_empty(k->root->dir, k->attempt))
		return watch_journal(f, k);
	result = journals_start(k->root->dir, k->attempt, &start, &err);
	if (result < 0 && result != -ENOENT)
		say_once(f, k, &err);
	if (result < 0)
		return false;
	wait = journals_has_end(k->root->dir, k->attempt, NULL) <= 0 &&
	    (start.start.open != NULL || journals_is_live(&start.start));
	entry_release(&start);
	if (wait)
		return watch_journal(f, k);
	adopt(f, k);
	return false;
}

static void
look(struct follower *f, struct known *k)
{
	k->due = false;
	while (look_once(f, k))
		;
}

static bool
each(const char *attempt, void *data)
{
	struct follower *f = data;
	struct known *k;

	TAILQ_FOREACH (k, &f->known, link)
		if (k->root == f->listed && strcmp(k->attempt, attempt) == 0)
			break;
	if (k == NULL) {
		k = xcalloc(1, sizeof *k);
		k->root = f->listed;
		k->attempt = xstrdup(attempt);
		k->due = true;
		TAILQ_INSERT_TAIL(&f->known, k, link);
	}
	k->seen = true;
	return true;
}

static void
free_known(struct follower *f, struct known *k)
{
	unwatch(k);
	TAILQ_REMOVE(&f->known, k, link);
	free(k->attempt);
	free(k);
}

static void
list_journals(struct follower *f)
{
	struct err err = ERR_INIT;
	struct known *k, *next;

	f->list = false;
	TAILQ_FOREACH (k, &f->known, link)
		k->seen = false;
	TAILQ_FOREACH (f->listed, &f->roots, link) {
		int result = state_each(f->listed->dir, each, f, &err);

		if (result < 0) {
			report_say(&f->report, "%s", err.message);
			print_report(f, !f->listed->said);
		}
		f->listed->said = result < 0;
	}
	TAILQ_FOREACH_SAFE (k, &f->known, link, next)
		if (!k->seen && k->a == NULL)
			free_known(f, k);
}

static void
one_round(struct follower *f)
{
	int64_t now_ms, next_ms = 0;
	struct known *k;

	if (f->list)
		list_journals(f);
	now_ms = clock_mono_ms();
	TAILQ_FOREACH (k, &f->known, link) {
		if (deliver_is_stopped(f->deliver))
			return;
		if (k->a == NULL &&
		    (k->due || (k->next_ms > 0 && k->next_ms <= now_ms)))
			look(f, k);
	}
	TAILQ_FOREACH (k, &f->known, link)
		if (k->a == NULL && k->next_ms > 0 &&
		    (next_ms == 0 || k->next_ms < next_ms))
			next_ms = k->next_ms;
	if (next_ms > 0) {
		now_ms = clock_mono_ms();
		loop_timer_set(f->loop, &f->timer,
		    next_ms > now_ms ? next_ms - now_ms : 1);
	}
}

/* A state directory, or the directory that holds one: then `*dir` becomes that
 * one. Nothing is made before it is known. */
static int
recognise(char **dir, struct err *err)
{
	int result = state_recognise(*dir, err);
	char *below, *runs, *said;

	if (result != -EINVAL && result != -EPERM)
		return result;
	below = path_join(*dir, "itrack");
	runs = path_join(*dir, "runs");
	if (state_recognise(below, NULL) < 0) {
		free(below);
	} else if (access(runs, F_OK) < 0 && errno == ENOENT) {
		free(*dir);
		*dir = below;
		result = 0;
	} else {
		said = xstrdup(err->message);
		err_set(err, result, "%s; did you mean %s?", said, below);
		free(said);
		free(below);
	}
	free(runs);
	return result;
}

/* `argument` NULL: our own state directory. */
static int
add_root(struct follower *f, const char *argument, const char *state_dir,
    struct err *err)
{
	struct root *r = xcalloc(1, sizeof *r);
	int result = 0;
	char *runs;

	r->follower = f;
	r->dir = path_absolute(argument != NULL ? argument : state_dir);
	if (r->dir == NULL)
		r->dir = xstrdup(argument != NULL ? argument : state_dir);
	if (argument != NULL)
		result = recognise(&r->dir, err);
	if (result == 0)
		result = state_make(r->dir, err);
	r->watch = (struct inotify_watch){.changed = on_root, .data = r};
	runs = path_join(r->dir, "runs");
	if (result == 0)
		result = inotify_add(f->inotify, &r->watch, runs, err);
	free(runs);
	if (result < 0) {
		free(r->dir);
		free(r);
		return result;
	}
	TAILQ_INSERT_TAIL(&f->roots, r, link);
	if (index_check(r->dir, err) < 0) {
		report_say(&f->report, "%s", err->message);
		print_report(f, true);
	}
	return 0;
}

/* What it looks at; who meant another directory sees that at once. */
static void
say_roots(struct follower *f)
{
	const struct root *r;

	list_journals(f);
	TAILQ_FOREACH (r, &f->roots, link) {
		const struct known *k;
		size_t count = 0;

		TAILQ_FOREACH (k, &f->known, link)
			count += k->root == r;
		report_say(&f->report,
		    "follows %s: %zu attempt%s there now; delivers each when "
		    "its "
		    "run has ended",
		    r->dir, count, count == 1 ? "" : "s");
	}
	print_report(f, true);
}

static void
release(struct follower *f)
{
	struct root *r;
	struct known *k;

	loop_timer_cancel(f->loop, &f->timer);
	while ((k = TAILQ_FIRST(&f->known)) != NULL)
		free_known(f, k);
	while ((r = TAILQ_FIRST(&f->roots)) != NULL) {
		TAILQ_REMOVE(&f->roots, r, link);
		inotify_remove(&r->watch);
		free(r->dir);
		free(r);
	}
	deliver_free(f->deliver);
	report_release(&f->report);
}

int
sync_follow(const struct options *options, const char *state_dir)
{
	struct follower f = {.options = options, .list = true};
	struct attempt_config config;
	struct err err = ERR_INIT;
	int result = 0;

	http_set_pace(REQUESTS_PER_SECOND);
	TAILQ_INIT(&f.roots);
	TAILQ_INIT(&f.known);
	report_init(&f.report, options);
	f.deliver = deliver_new(options, state_dir, &f.report);
	deliver_on_closed(f.deliver, on_closed, &f);
	config = deliver_config(f.deliver);
	f.loop = config.loop;
	f.inotify = config.inotify;
	f.timer = (struct loop_timer){.fire = on_timer, .data = &f};
	for (int i = 0; result == 0 && i < options->argument_count; i++)
		result = add_root(&f, options->arguments[i], NULL, &err);
	if (result == 0 && options->argument_count == 0)
		result = add_root(&f, NULL, state_dir, &err);
	if (result < 0) {
		report_say(&f.report, "%s", err.message);
		fputs(f.report.text.data, stderr);
	} else {
		say_roots(&f);
		do
			one_round(&f);
		while (deliver_wait(f.deliver));
	}
	release(&f);
	return result < 0 ? STATUS_FAILURE : STATUS_OK;
}
