#include "wrap/worker/private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/file.h"
#include "base/log.h"
#include "base/path.h"
#include "mapping/names.h"
#include "watcher/identity.h"
#include "wrap/worker/called.h"
#include "wrap/worker/own_run.h"
#include "wrap/worker/sampler.h"

/* Runs that are found when the command is over (their messages were lost) are
 * taken up so many at a time, as a sync does: there may be a thousand. */
#define LATE_AT_ONCE 4
/* How many descriptors a run takes that is written: for its directory, its
 * journal, six files, its trackers. */
#define RUN_DESCRIPTORS 16
/* How many runs may be over and wait for a tracker. Each holds some four
 * descriptors, and 1024 are a common limit. */
#define WAITING_MAX 200

static void
on_settled(struct attempt *a, void *data)
{
	struct run *run = data;

	(void)a;
	run->runs->config.settled(run->runs->config.data);
}

/* If nobody can look, runs_begin() says so. */
static bool
may_have_marker(const char *dir)
{
	struct watcher_stamp stamp = watcher_stamp(dir, MARKER_FILE);

	return stamp.there || stamp.code < 0;
}

/* Called when there is another run now, in the same directory or in one of the
 * same name. */
static void
on_replaced(struct attempt *a, void *data)
{
	struct run *run = data;

	(void)a;
	run_end(run, NULL, false);
	if (may_have_marker(run->dir))
		runs_begin(run->runs, run->dir, 0, run->writer, false);
}

static void
on_complete(struct attempt *a, void *data)
{
	struct run *run = data;

	(void)a;
	loop_kick(run->runs->config.loop);
}

static void
on_rule(struct attempt *a, void *data)
{
	struct run *run = data;

	(void)a;
	run->runs->config.stop(run->runs->config.data);
}

const struct run_callbacks run_callbacks = {
    on_replaced, on_complete, on_settled, on_rule};

void
runs_put_off(struct runs *runs, const char *dir)
{
	struct late_run *late;

	TAILQ_FOREACH (late, &runs->late, link)
		if (strcmp(late->dir, dir) == 0)
			return;
	late = xcalloc(1, sizeof *late);
	late->dir = xstrdup(dir);
	TAILQ_INSERT_TAIL(&runs->late, late, link);
}

static bool
lacks_descriptors(int result)
{
	return result == -EMFILE || result == -ENFILE;
}

int
run_identify(const char *dir, int dir_fd, struct watcher_identity *identity,
    struct err *err)
{
	int result;

	if (dir_fd <= 0)
		return watcher_identify(dir, identity, err);
	result = identity_of(dir_fd, identity);
	if (result < 0)
		return err_set(err, result, "%s: can't be examined", dir);
	return 0;
}

struct watcher_stamp
run_stamp(const char *dir, int dir_fd, const char *name)
{
	return dir_fd > 0 ? identity_stamp_at(dir_fd, name)
			  : watcher_stamp(dir, name);
}

/* Are there enough descriptors for a run? Without them its journal would have
 * to live in memory, and its directory could not be held. */
int
run_has_room(struct err *err)
{
	int fds[RUN_DESCRIPTORS];
	int count = 0, result = 0;

	while (count < RUN_DESCRIPTORS && result == 0) {
		fds[count] = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
		if (fds[count] >= 0)
			count++;
		else
			result = err_errno(err, "descriptors");
	}
	while (count > 0)
		close(fds[--count]);
	return lacks_descriptors(result) ? result : 0;
}

void
run_discard(struct run *run)
{
	writer_release(&run->asked);
	free(run->run_id);
	free(run->dir);
	free(run);
}

char *
runs_call(const struct runs *runs, const struct watcher_identity *identity,
    const char *dir)
{
	const struct rundir_guess *guess = runs->config.guess;
	char *name = called_as(runs->config.named, false, identity, dir);

	if (name == NULL)
		name = called_as(guess->dir, false, identity, dir);
	if (name == NULL)
		name = called_as(guess->root, true, identity, dir);
	return name != NULL ? name : xstrdup(dir);
}

struct run *
run_new(struct runs *runs, pid_t writer)
{
	struct run *run = xcalloc(1, sizeof *run);

	run->runs = runs;
	run->writer = writer;
	run->started_us = clock_wall_us();
	writer_read(&run->asked, writer, runs->config.launched->command);
	return run;
}

void
run_enlist(struct run *run)
{
	struct runs *runs = run->runs;

	log_verbose("run directory %s", run->dir);
	run->attempt_us = attempt_start_us(run->attempt);
	TAILQ_INSERT_TAIL(&runs->list, run, link);
	runs->count++;
}

struct run *
runs_begin(
    struct runs *runs, const char *dir, int dir_fd, pid_t writer, bool heard)
{
	struct run *run = run_new(runs, writer);
	struct err err = ERR_INIT;
	int result;

	run->heard = heard;
	/* Of a run that nobody told of, and that is still written, the writer's
	 * arguments tell that it is no copy in the making. */
	run->held = !TAILQ_EMPTY(&runs->list) &&
	    (heard || !run->asked.known ||
		run_stamp(dir, dir_fd, MANIFEST_FILE).there);
	result = run_has_room(&err);
	if (result == 0)
		result = run_identify(dir, dir_fd, &run->identity, &err);
	if (result == 0) {
		run->dir = runs_call(runs, &run->identity, dir);
		result = runs_begin_attempt(run, dir_fd, &run_callbacks, &err);
	}
	if (result < 0) {
		/* Hundreds of runs may begin at once, and descriptors may be
		 * there later. */
		if (lacks_descriptors(result) && !runs->over)
			runs_put_off(runs, dir);
		/* A directory that is gone again by now is no news. */
		else if (result != -ENOENT && result != -EALREADY)
			report_say(runs->config.report, "%s", err.message);
		run_discard(run);
		return NULL;
	}
	run_enlist(run);
	run_watch_writer(run);
	runs_begin_sampling(runs);
	return run;
}

/* Does nothing: the turn that follows looks at the runs. */
static void
on_quiet(struct loop_timer *timer)
{
	(void)timer;
}

struct runs *
runs_new(const struct runs_config *config)
{
	struct runs *runs = xcalloc(1, sizeof *runs);

	runs->config = *config;
	runs->quiet = (struct loop_timer){.fire = on_quiet};
	TAILQ_INIT(&runs->list);
	TAILQ_INIT(&runs->found);
	TAILQ_INIT(&runs->late);
	return runs;
}

static bool
is_settled(const struct run *run)
{
	return run->attempt != NULL && run_is_over(run) &&
	    attempt_is_settled(run->attempt);
}

static bool
has_attempt(const struct run *run)
{
	return run->attempt != NULL;
}

/* Gives the attempts of these runs back. They share their syncs: on a slow disk more
 * runs would come while each has its own. The runs stay in the list, so that a late
 * message of their directories does not begin a second attempt. */
static void
give_back(struct runs *runs, bool (*which)(const struct run *run))
{
	struct attempt **list = xcalloc(runs->count, sizeof(*list));
	struct run *run;
	size_t len = 0;

	TAILQ_FOREACH (run, &runs->list, link)
		if (which(run))
			list[len++] = run->attempt;
	attempts_put_away(list, len);
	free(list);
	TAILQ_FOREACH (run, &runs->list, link) {
		if (!which(run))
			continue;
		run_unwatch_writer(run);
		report_add(runs->config.report, run->attempt);
		if (!attempt_is_complete(run->attempt))
			runs->incomplete = true;
		attempt_close(run->attempt);
		run->attempt = NULL;
	}
}

bool
runs_close(struct runs *runs)
{
	bool complete;
	struct run *run;

	give_back(runs, has_attempt);
	while ((run = TAILQ_FIRST(&runs->list)) != NULL) {
		TAILQ_REMOVE(&runs->list, run, link);
		run_unwatch_writer(run);
		run_discard(run);
	}
	loop_timer_cancel(runs->config.loop, &runs->quiet);
	sampler_free(runs->sampler);
	complete = !runs->incomplete;
	free(runs);
	return complete;
}

const char *
runs_dir(const struct runs *runs, size_t i)
{
	const struct run *run;

	TAILQ_FOREACH (run, &runs->list, link)
		if (i-- == 0)
			return run->dir;
	return NULL;
}

size_t
runs_count(const struct runs *runs)
{
	return runs->count;
}

/* Takes up the next of the runs that were found late. */
static void
take_late(struct runs *runs)
{
	struct late_run *late = TAILQ_FIRST(&runs->late);
	int64_t left_ms = runs->drain_until_ms - clock_mono_ms();
	struct run *run = NULL;

	TAILQ_REMOVE(&runs->late, late, link);
	if (!runs_know(runs, late->dir) && may_have_marker(late->dir))
		run = runs_begin(runs, late->dir, 0, 0, false);
	free(late->dir);
	free(late);
	if (run != NULL) {
		run_end(run, runs->has_end ? &runs->end : NULL, false);
		if (run->attempt != NULL)
			attempt_drain(run->attempt, left_ms > 0 ? left_ms : 0);
	}
	/* There may be nothing to wait for behind the last one. */
	runs->config.settled(runs->config.data);
	loop_kick(runs->config.loop);
}

/* Gives up the oldest run that is over and waits for a slow tracker, because it
 * holds descriptors and memory. Its journal has all of it, for `itrack
 * sync`. */
static void
let_go_of_oldest(struct runs *runs)
{
	struct run *run;

	TAILQ_FOREACH (run, &runs->list, link)
		if (run->attempt != NULL && run_is_over(run)) {
			attempt_drain(run->attempt, 0);
			loop_kick(runs->config.loop);
			return;
		}
}

void
runs_turn(struct runs *runs)
{
	size_t open = 0, waiting = 0, settled = 0;
	struct run *run;

	runs_take_found(runs);
	runs_end_orphans(runs, false);
	runs_end_quiet(runs);
	runs_let_go(runs);
	/* A sweep may have a thousand runs, so those that are done hold
	 * nothing. */
	TAILQ_FOREACH (run, &runs->list, link) {
		if (run->attempt == NULL)
			continue;
		attempt_turn(run->attempt);
		if (is_settled(run))
			settled++;
		else if (run_is_over(run))
			waiting++;
		open++;
	}
	if (settled > 0)
		give_back(runs, is_settled);
	open -= settled;
	if (waiting > WAITING_MAX)
		let_go_of_oldest(runs);
	if (runs->over && open < LATE_AT_ONCE && !TAILQ_EMPTY(&runs->late))
		take_late(runs);
}

void
runs_are_stopped(struct runs *runs)
{
	runs->stopped = true;
}

void
runs_drain(struct runs *runs, int64_t ms)
{
	struct run *run;

	runs->drains = true;
	runs->drain_ms = ms;
	runs->drain_until_ms = clock_mono_ms() + ms;
	TAILQ_FOREACH (run, &runs->list, link)
		if (run->attempt != NULL && run_is_over(run))
			attempt_drain(run->attempt, ms);
}

bool
runs_are_settled(const struct runs *runs)
{
	const struct run *run;

	TAILQ_FOREACH (run, &runs->list, link)
		if (run->attempt != NULL && run_is_over(run) &&
		    !attempt_is_settled(run->attempt))
			return false;
	return TAILQ_EMPTY(&runs->late) && TAILQ_EMPTY(&runs->found);
}

size_t
runs_open(const struct runs *runs)
{
	const struct run *run;
	size_t count = 0;

	TAILQ_FOREACH (run, &runs->list, link)
		count += !run_is_over(run);
	return count;
}

bool
run_goes_on(const struct run *run)
{
	return !run_is_over(run) && !run->orphaned &&
	    (!run->line.held || lifeline_lives(&run->line));
}

size_t
runs_going_on(const struct runs *runs)
{
	const struct run *run;
	size_t count = 0;

	TAILQ_FOREACH (run, &runs->list, link)
		count += run_goes_on(run);
	return count;
}

void
runs_report_going_on(const struct runs *runs)
{
	struct run *run;

	TAILQ_FOREACH (run, &runs->list, link)
		if (run_goes_on(run))
			report_add_going_on(
			    runs->config.report, run->attempt, run->writer);
}

void
runs_describe_pending(const struct runs *runs, struct buf *line)
{
	const struct tracker_ops *ops;
	const struct run *run;

	for (size_t i = 0; (ops = tracker_at(i)) != NULL; i++) {
		uint64_t pending = 0;

		TAILQ_FOREACH (run, &runs->list, link)
			if (run->attempt != NULL)
				pending += attempt_pending(
				    run->attempt, ops->about->name);
		if (pending > 0)
			buf_addf(line, "%s%s: %llu entries",
			    line->len > 0 ? ", " : "", ops->about->name,
			    (unsigned long long)pending);
	}
}
