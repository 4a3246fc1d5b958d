/* Decides when a run has ended whose writer lives: by quiet behind its manifest, or
 * with the command. */
#include "base/clock.h"
#include "wrap/worker/private.h"

/* A run that has its manifest is over when nothing was written to its directory
 * for so long: a harness writes summary and report after the manifest. */
#define QUIET_MS 1000
/* We wait longer if its writer has begun no other run, because the command's
 * exit status would belong to this one. */
#define QUIET_ALONE_MS 30000

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
runs_look_again(struct runs *runs, int64_t due_ms)
{
	int64_t in_ms = due_ms - clock_mono_ms();

	if (!runs->quiet.set || due_ms < runs->quiet.due_ms)
		loop_timer_set(
		    runs->config.loop, &runs->quiet, in_ms > 0 ? in_ms : 0);
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
		if (due_ms <= now_ms || ++count > RUNS_ENDING_MAX)
			run_end(run, NULL, false);
		else
			runs_look_again(runs, due_ms);
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
		    !run_has_heir(run))
			run_end(run, ended, false);
}
