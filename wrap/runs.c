#include "wrap/runs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/log.h"
#include "base/path.h"
#include "watcher/names.h"
#include "wrap/journals.h"
#include "wrap/tracked.h"

struct run {
	struct attempt *attempt; /* NULL: over, reported and given back */
	struct runs *runs;
	char *dir;
	struct watcher_identity identity;
	pid_t writer; /* 0: not known, ends with the command */
	int pidfd;    /* of the writer; -1: none */
	struct loop_io io;
	int begins; /* the second is another run */
	int64_t started_us;
	TAILQ_ENTRY(run) link;
};

struct runs {
	struct runs_config config;
	TAILQ_HEAD(, run) list;
	size_t count;
	bool incomplete; /* of those that are given back */
};

static void end_run(struct run *run, const struct link_ended *ended);

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
on_death(struct loop_io *io, uint32_t events)
{
	(void)events;
	end_run(io->data, NULL);
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
			end_run(run, NULL);
		return;
	}
	run->io =
	    (struct loop_io){.fd = run->pidfd, .ready = on_death, .data = run};
	loop_add(run->runs->config.loop, &run->io, EPOLLIN);
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
	if (is_over(run))
		return;
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

/* The manifest that an earlier run of this command left in the directory. */
static struct watcher_stamp
older_manifest(const struct run *run)
{
	const struct run *other;

	TAILQ_FOREACH (other, &run->runs->list, link)
		if (watcher_identity_equal(&other->identity, &run->identity))
			return watcher_stamp(run->dir, MANIFEST_FILE);
	return (struct watcher_stamp){0};
}

static struct attempt_config
make_config(struct run *run)
{
	const struct runs_config *c = &run->runs->config;
	const struct options *o = c->options;

	return (struct attempt_config){
	    .loop = c->loop,
	    .tree = c->tree,
	    .options = o,
	    .state_dir = c->state_dir,
	    .source = SOURCE_LIVE,
	    .run_dir = run->dir,
	    .config_path = c->config_path,
	    .writer = run->writer > 0 ? run->writer : c->launched->command,
	    .command =
		o->argument_count > 0 ? path_base(o->arguments[0]) : NULL,
	    .old_manifest = older_manifest(run),
	    .not_before = c->launched->file_clock,
	    .record_only = options_given(o, OPT_RECORD_ONLY),
	    .replaced = on_replaced,
	    .settled = on_settled,
	    .data = run,
	};
}

/* Did this very command make it, through a worker that was killed? */
static bool
is_of_this_command(const struct run *run, int64_t started_us)
{
	const struct link_launched *l = run->runs->config.launched;

	return l->restarts > 0 &&
	    started_us >=
	    l->wall.tv_sec * INT64_C(1000000) + l->wall.tv_nsec / 1000;
}

/* A journal of this directory that somebody left unended (a killed worker, a
 * power loss) is continued, if its records are still there; else it ends with
 * what it has by `itrack sync`. One that the worker before us had ended is
 * delivered, and what it had delivered is left alone: -EALREADY. */
static int
adopt_or_begin(
    struct run *run, const struct attempt_config *config, struct err *err)
{
	struct tracked t;
	bool ours;
	int result = -ENOENT;

	tracked_find(&t, config->state_dir, run->dir, NULL, NULL, 0);
	ours = is_of_this_command(run, t.pending_us);
	if (t.pending != NULL && !t.pending_live && t.pending_unended)
		result = attempt_adopt_if_fits(
		    &run->attempt, config, t.pending, NULL);
	else if (t.pending != NULL && !t.pending_live && ours)
		result = attempt_adopt(&run->attempt, config, t.pending, NULL);
	else if (is_of_this_command(run, t.delivered_us))
		result = -EALREADY;
	tracked_release(&t);
	if (result < 0 && result != -EALREADY)
		result = attempt_new(&run->attempt, config, err);
	return result;
}

static struct run *
begin_run(struct runs *runs, const char *dir, pid_t writer)
{
	struct run *run = xcalloc(1, sizeof *run);
	struct attempt_config config;
	struct err err = ERR_INIT;
	int result;

	run->runs = runs;
	run->dir = xstrdup(dir);
	run->writer = writer;
	run->pidfd = -1;
	run->started_us = clock_wall_us();
	result = watcher_identify(dir, &run->identity, &err);
	if (result == 0) {
		config = make_config(run);
		result = adopt_or_begin(run, &config, &err);
	}
	if (result < 0) {
		/* One that is gone again by now is no news. */
		if (result != -ENOENT && result != -EALREADY)
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

void
runs_consider(struct runs *runs, const char *dir, pid_t writer, bool begins)
{
	struct watcher_identity identity;
	struct run *run;

	/* Copies that look like a run (insideLLMs' own --track local) have no
	 * marker beside them. */
	if (!watcher_stamp(dir, MARKER_FILE).there ||
	    watcher_identify(dir, &identity, NULL) < 0)
		return;
	run = find_run(runs, &identity, writer);
	if (run != NULL && begins && ++run->begins > 1) {
		end_run(run, NULL);
		run = NULL;
	}
	if (run == NULL) {
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
	if (!runs_know(runs, dir))
		begin_run(runs, dir, writer);
}

struct runs *
runs_new(const struct runs_config *config)
{
	struct runs *runs = xcalloc(1, sizeof *runs);

	runs->config = *config;
	TAILQ_INIT(&runs->list);
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

void
runs_turn(struct runs *runs)
{
	struct run *run;

	/* A sweep may have a thousand: those that are done hold nothing. */
	TAILQ_FOREACH (run, &runs->list, link) {
		if (run->attempt == NULL)
			continue;
		attempt_turn(run->attempt);
		if (is_over(run) && attempt_is_settled(run->attempt))
			give_back(run);
	}
}

void
runs_end(struct runs *runs, const struct link_ended *ended)
{
	struct run *run;

	TAILQ_FOREACH (run, &runs->list, link)
		end_run(run, ended);
}

void
runs_drain(struct runs *runs, int64_t ms)
{
	struct run *run;

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
	return true;
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
