/* Decides with which outcome a run ends: whose the command's exit status is, and
 * whether it is a run at all, or a copy of one. */
#include <sys/wait.h>

#include "base/clock.h"
#include "wrap/worker/private.h"

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
