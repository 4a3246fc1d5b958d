/* Decides when a run of the command has ended: by its writer's death, by
 * quiet, or by a process that carries it on. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "wrap/worker/search/open_files.h"
#include "wrap/worker/private.h"

/* A run that has its manifest is over when nothing was written to its directory
 * for so long: a harness writes summary and report after the manifest. */
#define QUIET_MS 1000
/* We wait longer if its writer has begun no other run, because the command's
 * exit status would belong to this one. */
#define QUIET_ALONE_MS 30000
/* After the death of its writer a run without a manifest may go on by another
 * process, which is heard of within this time. */
#define ORPHAN_MS 2000
/* How many runs wait for that at a time, because each holds descriptors. */
#define QUIET_MAX 64

bool
run_is_command(const struct run *run)
{
	return run->writer > 0 &&
	    run->writer == run->runs->config.launched->command;
}

bool
run_is_over(const struct run *run)
{
	return run->attempt == NULL || attempt_is_ended(run->attempt);
}

bool
run_is_complete(const struct run *run)
{
	return run->attempt != NULL && attempt_has_manifest(run->attempt);
}

void
run_unwatch_writer(struct run *run)
{
	lifeline_let_go(&run->line);
}

/* Notes that the writer is dead. The run does not end yet, because earlier
 * messages may be read in the same turn. */
void
run_orphan(struct run *run)
{
	run_unwatch_writer(run);
	run->orphaned = true;
	run->searched = false;
	run->orphaned_ms = clock_mono_ms();
	loop_kick(run->runs->config.loop);
}

static void
on_death(struct lifeline *line)
{
	run_orphan(line->data);
}

/* The writer's death ends its run, but for the command's own: the launcher
 * tells of that with the exit status. Behind that the command is dead. */
void
run_watch_writer(struct run *run)
{
	if (run_is_command(run) && run->runs->over)
		run_orphan(run);
	if (run->writer <= 0 || run_is_command(run))
		return;
	run->line.cut = on_death;
	run->line.data = run;
	/* A quick writer may be gone before its message was read. */
	if (lifeline_hold(&run->line, run->runs->config.loop, run->writer) ==
	    -ESRCH)
		run_orphan(run);
}

static double
seconds_between(const struct timespec *from, const struct timespec *to)
{
	return (double)(to->tv_sec - from->tv_sec) +
	    (double)(to->tv_nsec - from->tv_nsec) / 1e9;
}

/* Does another run of the command itself go on: a later one or, if
 * `incomplete`, one without a manifest? */
static bool
has_other(const struct run *run, bool incomplete)
{
	const struct run *other;
	bool later = false;

	TAILQ_FOREACH (other, &run->runs->list, link) {
		if (other == run) {
			later = true;
			continue;
		}
		if (!run_is_command(other) || run_is_over(other))
			continue;
		if (later || (incomplete && !run_is_complete(other)))
			return true;
	}
	return false;
}

/* A command that has written several runs says by its exit status how the last
 * one ended, and, if it failed, those that have no manifest. */
static bool
owns_status(const struct run *run, const struct link_ended *ended)
{
	if (ended == NULL || !run_is_command(run))
		return false;
	if (run_is_complete(run))
		return !has_other(run, true);
	return ended->wait_status != 0 || !has_other(run, false);
}

/* Returns false if it is a run of its own. */
static bool
is_dropped(struct run *run)
{
	const struct run *original = run_original(run), *edited;
	bool changed = false;

	edited = original == NULL ? run_edited(run, &changed) : NULL;
	if (original != NULL)
		report_say(run->runs->config.report,
		    "%s: a copy of the run %s (%s), not tracked again",
		    run->dir, original->run_id, original->dir);
	else if (edited != NULL && changed)
		report_say(run->runs->config.report,
		    "%s: the records were changed behind the end of the run "
		    "%s, which is not tracked again",
		    run->dir, edited->run_id);
	else if (edited == NULL)
		return false;
	attempt_drop(run->attempt);
	run->attempt = NULL;
	return true;
}

static void
settle(struct run *run)
{
	struct runs *runs = run->runs;

	run_note_facts(run);
	if (run->held && is_dropped(run)) {
		/* There may be nothing else to wait for. */
		runs->config.settled(runs->config.data);
		return;
	}
	run->held = false;
	attempt_let_go(run->attempt);
	if (runs->drains)
		attempt_drain(run->attempt, runs->drain_ms);
}

void
run_end(struct run *run, const struct link_ended *ended, bool superseded)
{
	struct attempt_outcome outcome = {.has_wall = true,
	    .superseded = superseded,
	    .stopped = run->runs->stopped};
	struct usage_values values;

	run_unwatch_writer(run);
	run->orphaned = false;
	if (run_is_over(run))
		return;
	if (ended != NULL && run == run->runs->line_run) {
		outcome.line = run->runs->line;
		outcome.line_len = run->runs->line_len;
	}
	if (owns_status(run, ended)) {
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
	run_sample_last(run, &outcome, &values);
	outcome.sample = values.list;
	outcome.sample_len = values.len;
	attempt_end(run->attempt, &outcome);
	settle(run);
}

static void
look_again(struct runs *runs, int64_t due_ms)
{
	int64_t in_ms = due_ms - clock_mono_ms();

	if (!runs->quiet.set || due_ms < runs->quiet.due_ms)
		loop_timer_set(
		    runs->config.loop, &runs->quiet, in_ms > 0 ? in_ms : 0);
}

/* Has another process the records open, because the writer has forked and left?
 * Then that one is the writer now. */
static bool
has_heir(struct run *run)
{
	pid_t heir;
	int result;

	if (attempt_watcher(run->attempt) == NULL)
		return false;
	attempt_scan(run->attempt);
	if (run_is_complete(run))
		return false;
	result = find_open_writer(attempt_watcher(run->attempt), &heir);
	if (result < 0)
		report_say(run->runs->config.report,
		    "%s: the worker could not see whether another process goes "
		    "on writing: %s",
		    run->dir, strerror(-result));
	if (heir <= 0 || heir == run->writer)
		return false;
	run->orphaned = false;
	run->writer = heir;
	run_watch_writer(run);
	return run->line.held;
}

static bool
has_orphans(const struct runs *runs)
{
	const struct run *run;

	TAILQ_FOREACH (run, &runs->list, link)
		if (run->orphaned && !run_is_over(run))
			return true;
	return false;
}

/* Did the run end with the command? Who ends several processes at once ends them in
 * any order, and what tells of their deaths is read in any order, too. */
static const struct link_ended *
end_of(const struct run *run, bool now)
{
	const struct runs *runs = run->runs;

	if (!runs->has_end)
		return NULL;
	return now || run_is_command(run) ||
		run->orphaned_ms < runs->ended_ms + ORPHAN_MS
	    ? &runs->end
	    : NULL;
}

/* Ends runs whose writers are dead, when all that they have said was heard. A
 * script may write a run by a program for each file, so the next one may come; but
 * a run that has its manifest is over. */
void
runs_end_orphans(struct runs *runs, bool now)
{
	int64_t now_ms = clock_mono_ms();
	size_t count = 0;
	struct run *run;

	if (!has_orphans(runs) ||
	    (!now && !runs->config.hear(runs->config.data)))
		return;
	TAILQ_FOREACH_REVERSE (run, &runs->list, run_list, link) {
		int64_t due_ms = run->orphaned_ms + ORPHAN_MS;
		bool ends;

		if (!run->orphaned || run_is_over(run))
			continue;
		attempt_scan(run->attempt);
		ends = now || due_ms <= now_ms || run_is_complete(run) ||
		    ++count > QUIET_MAX;
		/* We look for an heir only twice, because that is a look at
		 * every process. */
		if ((ends || !run->searched) && has_heir(run))
			continue;
		run->searched = true;
		if (ends)
			run_end(run, end_of(run, now), false);
		else
			look_again(runs, due_ms);
	}
}

static int64_t
quiet_due_ms(const struct run *run)
{
	bool soon = run->followed || run->runs->over;

	return watcher_changed_ms(attempt_watcher(run->attempt)) +
	    (soon ? QUIET_MS : QUIET_ALONE_MS);
}

void
runs_end_quiet(struct runs *runs)
{
	int64_t now_ms = clock_mono_ms();
	size_t count = 0;
	struct run *run;

	TAILQ_FOREACH_REVERSE (run, &runs->list, run_list, link) {
		int64_t due_ms;

		if (run_is_over(run) || !run_is_complete(run))
			continue;
		due_ms = quiet_due_ms(run);
		if (due_ms <= now_ms || ++count > QUIET_MAX)
			run_end(run, NULL, false);
		else
			look_again(runs, due_ms);
	}
}

void
runs_hear_end(struct runs *runs, const struct link_ended *ended)
{
	runs->ended_ms = clock_mono_ms();
	runs->has_end = ended != NULL;
	if (ended == NULL)
		return;
	runs->end = *ended;
	runs->stopped |= ended->stopped > 0;
}

void
runs_end(struct runs *runs)
{
	const struct link_ended *ended = runs->has_end ? &runs->end : NULL;
	struct run *run;

	runs_take_found(runs);
	runs->over = true;
	runs_end_orphans(runs, true);
	TAILQ_FOREACH (run, &runs->list, link)
		if (!run_is_over(run) && !lifeline_lives(&run->line) &&
		    !has_heir(run))
			run_end(run, ended, false);
}
