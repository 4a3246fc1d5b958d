/* Decides when a run whose writer is dead has ended, and whether another process
 * carries it on. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "wrap/worker/search/open_files.h"
#include "wrap/worker/private.h"

/* After the death of its writer a run without a manifest may go on by another
 * process, which is heard of within this time. */
#define ORPHAN_MS 2000

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

bool
run_is_orphan(const struct run *run)
{
	return run->orphaned || (run->line.held && !lifeline_lives(&run->line));
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

bool
run_has_heir(struct run *run)
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
		    ++count > RUNS_ENDING_MAX;
		/* We look for an heir only twice, because that is a look at
		 * every process. */
		if ((ends || !run->searched) && run_has_heir(run))
			continue;
		run->searched = true;
		if (ends)
			run_end(run, end_of(run, now), false);
		else
			runs_look_again(runs, due_ms);
	}
}
