/* Decides which run gets the numbers that the command printed: one that it wrote
 * itself, or a run of their own. */
#include <stdlib.h>
#include <sys/queue.h>

#include "base/die.h"
#include "wrap/worker/own_run.h"
#include "wrap/worker/private.h"

/* Returns the run that gets the line: the last one of the command itself, else
 * the only one that goes on. */
static struct run *
run_of_line(struct runs *runs)
{
	struct run *run, *found = NULL, *own = NULL;
	size_t going_on = 0;

	TAILQ_FOREACH (run, &runs->list, link) {
		if (!run_goes_on(run))
			continue;
		if (run_is_command(run))
			own = run;
		going_on++;
		found = run;
	}
	if (own != NULL)
		return own;
	return going_on == 1 ? found : NULL;
}

/* Begins a run that is the command's and has no directory of its own. */
static void
begin_own_run(struct runs *runs)
{
	struct run *run = xcalloc(1, sizeof *run);
	struct err err = ERR_INIT;
	int result;

	run->runs = runs;
	run->dir = own_run_dir(runs->config.options);
	run->writer = runs->config.launched->command;
	result = runs_begin_own(run, &run_callbacks, &err);
	if (result < 0) {
		if (result != -EALREADY)
			report_say(runs->config.report, "%s", err.message);
		run_discard(run);
		return;
	}
	TAILQ_INSERT_TAIL(&runs->list, run, link);
	runs->count++;
}

void
runs_take_line(struct runs *runs, const char *line, size_t len)
{
	runs_end_orphans(runs, true);
	runs->line = line;
	runs->line_len = len;
	runs->line_run = run_of_line(runs);
	if (runs->line_run == NULL)
		begin_own_run(runs);
}
