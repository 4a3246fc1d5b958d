#include "wrap/worker/private.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/log.h"
#include "base/path.h"
#include "mapping/names.h"
#include "wrap/worker/own_run.h"

/* Runs that are found when the command is over (their messages were lost) are
 * taken up so many at a time, as a sync does: there may be a thousand. */
#define LATE_AT_ONCE 8
/* Runs that are over and wait for a tracker; each holds some four descriptors,
 * and 1024 are a common limit. */
#define WAITING_MAX 200

static bool
is_command(const struct run *run)
{
	return run->writer > 0 &&
	    run->writer == run->runs->config.launched->command;
}

static bool
is_over(const struct run *run)
{
	return run->attempt == NULL || attempt_is_ended(run->attempt);
}

static void
unwatch_writer(struct run *run)
{
	if (run->pidfd < 0)
		return;
	loop_remove(run->runs->config.loop, &run->io);
	close(run->pidfd);
	run->pidfd = -1;
}

/* Not the end yet: messages of before are read in the same turn. */
static void
orphan(struct run *run)
{
	unwatch_writer(run);
	run->orphaned = true;
	loop_kick(run->runs->config.loop);
}

static void
on_death(struct loop_io *io, uint32_t events)
{
	(void)events;
	orphan(io->data);
}

/* The writer's death ends its run, but for the command's own: the launcher
 * tells of that with the exit status. */
static void
watch_writer(struct run *run)
{
	if (run->writer <= 0 || is_command(run))
		return;
	run->pidfd = pidfd_open(run->writer, 0);
	if (run->pidfd < 0) {
		/* A quick one, gone before its message was read. */
		if (errno == ESRCH)
			orphan(run);
		return;
	}
	run->io =
	    (struct loop_io){.fd = run->pidfd, .ready = on_death, .data = run};
	loop_add(run->runs->config.loop, &run->io, EPOLLIN);
}

static double
seconds_between(const struct timespec *from, const struct timespec *to)
{
	return (double)(to->tv_sec - from->tv_sec) +
	    (double)(to->tv_nsec - from->tv_nsec) / 1e9;
}

static void
end_run(struct run *run, const struct link_ended *ended)
{
	struct attempt_outcome outcome = {.has_wall = true};

	unwatch_writer(run);
	run->orphaned = false;
	if (is_over(run))
		return;
	if (ended != NULL && run == run->runs->line_run) {
		outcome.line = run->runs->line;
		outcome.line_len = run->runs->line_len;
	}
	if (ended != NULL && is_command(run)) {
		outcome.has_exit = true;
		outcome.wait_status = ended->wait_status;
		outcome.has_usage = true;
		outcome.usage = ended->usage;
		outcome.wall_seconds = seconds_between(
		    &run->runs->config.launched->wall, &ended->wall);
	} else {
		outcome.wall_seconds =
		    (double)(clock_wall_us() - run->started_us) / 1e6;
	}
	outcome.command_killed =
	    ended != NULL && WIFSIGNALED(ended->wait_status);
	attempt_end(run->attempt, &outcome);
}

static void
on_settled(struct attempt *a, void *data)
{
	struct run *run = data;

	(void)a;
	run->runs->config.settled(run->runs->config.data);
}

static struct run *begin_run(struct runs *runs, const char *dir, pid_t writer);

static void
on_replaced(struct attempt *a, void *data)
{
	struct run *run = data;

	(void)a;
	end_run(run, NULL);
	if (watcher_stamp(run->dir, MARKER_FILE).there)
		begin_run(run->runs, run->dir, run->writer);
}

/* Until the command is over. */
static void
put_off(struct runs *runs, const char *dir)
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

static struct run *
begin_run(struct runs *runs, const char *dir, pid_t writer)
{
	struct run *run = xcalloc(1, sizeof *run);
	struct err err = ERR_INIT;
	int result;

	run->runs = runs;
	run->dir = xstrdup(dir);
	run->writer = writer;
	run->pidfd = -1;
	run->started_us = clock_wall_us();
	result = watcher_identify(dir, &run->identity, &err);
	if (result == 0)
		result = runs_begin_attempt(run, on_replaced, on_settled, &err);
	if (result < 0) {
		/* Hundreds of messages may be read at once. */
		if (lacks_descriptors(result) && !runs->over)
			put_off(runs, dir);
		/* One that is gone again by now is no news. */
		else if (result != -ENOENT && result != -EALREADY)
			report_say(runs->config.report, "%s", err.message);
		free(run->dir);
		free(run);
		return NULL;
	}
	log_verbose("run directory %s", dir);
	TAILQ_INSERT_TAIL(&runs->list, run, link);
	runs->count++;
	watch_writer(run);
	return run;
}

/* The run that is written in there now; or the one that this writer ended with
 * there: the last messages of a process may come behind its death. */
static struct run *
find_run(
    struct runs *runs, const struct watcher_identity *identity, pid_t writer)
{
	struct run *run, *ended = NULL;

	TAILQ_FOREACH (run, &runs->list, link)
		if (!watcher_identity_equal(&run->identity, identity))
			continue;
		else if (!is_over(run))
			return run;
		else if (writer > 0 && run->writer == writer)
			ended = run;
	return ended;
}

/* One process writes one run at a time. */
static void
end_runs_of(struct runs *runs, pid_t writer)
{
	struct run *run;

	TAILQ_FOREACH (run, &runs->list, link)
		if (writer > 0 && run->writer == writer)
			end_run(run, NULL);
}

/* At the end of the turn in which their messages were read, or when there are
 * messages of another run: thousands may be read at once, and what goes on
 * holds descriptors. */
static void
end_orphans(struct runs *runs)
{
	struct run *run;

	TAILQ_FOREACH (run, &runs->list, link)
		if (run->orphaned)
			end_run(run, NULL);
}

/* Does the message tell of a run behind this one? */
static bool
is_another(struct run *run, pid_t writer, bool begins)
{
	if (run->orphaned && run->writer != writer)
		return true;
	return begins && ++run->begins > 1;
}

void
runs_consider(struct runs *runs, const char *dir, pid_t writer, bool begins)
{
	struct watcher_identity identity;
	struct run *run;
	int result;

	/* Copies that look like a run (insideLLMs' own --track local) have no
	 * marker beside them. */
	if (!watcher_stamp(dir, MARKER_FILE).there)
		return;
	result = watcher_identify(dir, &identity, NULL);
	if (lacks_descriptors(result) && !runs->over)
		put_off(runs, dir);
	if (result < 0)
		return;
	run = find_run(runs, &identity, writer);
	if (run != NULL && is_another(run, writer, begins)) {
		end_run(run, NULL);
		run = NULL;
	}
	if (run == NULL) {
		end_orphans(runs);
		end_runs_of(runs, writer);
		run = begin_run(runs, dir, writer);
		if (run != NULL)
			run->begins = begins ? 1 : 0;
		return;
	}
	/* Found without the shim before: now its writer is known. */
	if (run->writer <= 0 && writer > 0) {
		run->writer = writer;
		watch_writer(run);
	}
	if (!is_over(run))
		attempt_scan(run->attempt);
}

bool
runs_know(const struct runs *runs, const char *dir)
{
	struct watcher_identity identity;
	const struct run *run;

	if (watcher_identify(dir, &identity, NULL) < 0)
		return false;
	TAILQ_FOREACH (run, &runs->list, link)
		if (watcher_identity_equal(&run->identity, &identity))
			return true;
	return false;
}

void
runs_found(struct runs *runs, const char *dir, pid_t writer)
{
	if (runs_know(runs, dir))
		return;
	if (!runs->over) {
		begin_run(runs, dir, writer);
		return;
	}
	put_off(runs, dir);
	loop_kick(runs->config.loop);
}

struct runs *
runs_new(const struct runs_config *config)
{
	struct runs *runs = xcalloc(1, sizeof *runs);

	runs->config = *config;
	TAILQ_INIT(&runs->list);
	TAILQ_INIT(&runs->late);
	return runs;
}

/* What stays tells later messages of its directory from news. */
static void
give_back(struct run *run)
{
	struct runs *runs = run->runs;

	unwatch_writer(run);
	if (run->attempt == NULL)
		return;
	report_add(runs->config.report, run->attempt);
	if (!attempt_is_complete(run->attempt))
		runs->incomplete = true;
	attempt_close(run->attempt);
	run->attempt = NULL;
}

bool
runs_close(struct runs *runs)
{
	bool complete;
	struct run *run;

	while ((run = TAILQ_FIRST(&runs->list)) != NULL) {
		TAILQ_REMOVE(&runs->list, run, link);
		give_back(run);
		free(run->dir);
		free(run);
	}
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

/* The next of those that were found late. */
static void
take_late(struct runs *runs)
{
	struct late_run *late = TAILQ_FIRST(&runs->late);
	int64_t left_ms = runs->drain_until_ms - clock_mono_ms();
	struct run *run = NULL;

	TAILQ_REMOVE(&runs->late, late, link);
	if (!runs_know(runs, late->dir))
		run = begin_run(runs, late->dir, 0);
	free(late->dir);
	free(late);
	if (run != NULL) {
		end_run(run, runs->has_end ? &runs->end : NULL);
		attempt_drain(run->attempt, left_ms > 0 ? left_ms : 0);
	}
	/* The last one may be nothing to wait for. */
	runs->config.settled(runs->config.data);
	loop_kick(runs->config.loop);
}

/* What is over and waits for a slow tracker holds descriptors and memory. The
 * journal of the oldest has all of it, for `itrack sync`. */
static void
let_go_of_oldest(struct runs *runs)
{
	struct run *run;

	TAILQ_FOREACH (run, &runs->list, link)
		if (run->attempt != NULL && is_over(run)) {
			attempt_drain(run->attempt, 0);
			loop_kick(runs->config.loop);
			return;
		}
}

void
runs_turn(struct runs *runs)
{
	size_t open = 0, waiting = 0;
	struct run *run;

	end_orphans(runs);
	/* A sweep may have a thousand: those that are done hold nothing. */
	TAILQ_FOREACH (run, &runs->list, link) {
		if (run->attempt == NULL)
			continue;
		attempt_turn(run->attempt);
		if (is_over(run) && attempt_is_settled(run->attempt))
			give_back(run);
		else if (is_over(run))
			waiting++;
		open += run->attempt != NULL;
	}
	if (waiting > WAITING_MAX)
		let_go_of_oldest(runs);
	if (runs->over && open < LATE_AT_ONCE && !TAILQ_EMPTY(&runs->late))
		take_late(runs);
}

void
runs_end(struct runs *runs, const struct link_ended *ended)
{
	struct run *run;

	runs->over = true;
	runs->has_end = ended != NULL;
	if (ended != NULL)
		runs->end = *ended;
	end_orphans(runs);
	TAILQ_FOREACH (run, &runs->list, link)
		end_run(run, ended);
}

/* The command's own, or the only one that goes on. */
static struct run *
run_of_line(struct runs *runs)
{
	struct run *run, *found = NULL;
	size_t going_on = 0;

	TAILQ_FOREACH (run, &runs->list, link) {
		if (is_over(run))
			continue;
		if (is_command(run))
			return run;
		going_on++;
		found = run;
	}
	return going_on == 1 ? found : NULL;
}

/* A run that is the command's, without a directory of its own. */
static void
begin_own_run(struct runs *runs)
{
	struct run *run = xcalloc(1, sizeof *run);
	struct err err = ERR_INIT;
	int result;

	run->runs = runs;
	run->dir = own_run_dir(runs->config.options);
	run->writer = runs->config.launched->command;
	run->pidfd = -1;
	result = runs_begin_own(run, on_settled, &err);
	if (result < 0) {
		if (result != -EALREADY)
			report_say(runs->config.report, "%s", err.message);
		free(run->dir);
		free(run);
		return;
	}
	TAILQ_INSERT_TAIL(&runs->list, run, link);
	runs->count++;
}

void
runs_take_line(struct runs *runs, const char *line, size_t len)
{
	end_orphans(runs);
	runs->line = line;
	runs->line_len = len;
	runs->line_run = run_of_line(runs);
	if (runs->line_run == NULL)
		begin_own_run(runs);
}

void
runs_drain(struct runs *runs, int64_t ms)
{
	struct run *run;

	runs->drain_until_ms = clock_mono_ms() + ms;
	TAILQ_FOREACH (run, &runs->list, link)
		if (run->attempt != NULL)
			attempt_drain(run->attempt, ms);
}

bool
runs_are_settled(const struct runs *runs)
{
	const struct run *run;

	TAILQ_FOREACH (run, &runs->list, link)
		if (run->attempt != NULL && !attempt_is_settled(run->attempt))
			return false;
	return TAILQ_EMPTY(&runs->late);
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
				pending +=
				    attempt_pending(run->attempt, ops->name);
		if (pending > 0)
			buf_addf(line, "%s%s: %llu entries",
			    line->len > 0 ? ", " : "", ops->name,
			    (unsigned long long)pending);
	}
}
