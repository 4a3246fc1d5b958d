/* What the worker reports at the end: the runs, or why there is none. */
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "wrap/attempt/report_json.h"
#include "wrap/worker/worker.h"

/* A directory that the command was asked to write, and that is refused; NULL:
 * none is known. Allocated. */
static char *
refusal(struct worker *w)
{
	/* One that did as asked (--dry-run) has refused nothing. */
	if (w->failed && w->named != NULL)
		refusals_add(&w->refusals, w->named);
	else if (w->failed && w->guess.dir != NULL)
		refusals_add(&w->refusals, w->guess.dir);
	else if (w->failed && w->guess.root != NULL)
		refusals_add_root(&w->refusals, w->guess.root);
	return refusals_reason(
	    &w->refusals, clock_ns(&w->launched.file_clock), w->failed);
}

static void
say_nothing(struct worker *w)
{
	const char *blind = w->search != NULL ? search_blind(w->search) : NULL;
	char *refused = refusal(w);

	if (w->launched.predecessor > 0)
		report_say(&w->report,
		    "a worker was killed and has left no run behind: itrack "
		    "status has those that it delivered");
	else if (refused != NULL)
		report_say(&w->report, "nothing was tracked: %s", refused);
	else if (w->nested)
		report_say(&w->report, "tracked by the itrack-wrap inside");
	else if (!w->launched.preloaded &&
	    !options_given(&w->options, OPT_RUN_DIR))
		report_say(&w->report,
		    "no run directory seen without the preload library "
		    "(--run-dir names it)%s%s; nothing was tracked",
		    blind != NULL ? "; " : "", blind != NULL ? blind : "");
	else if (w->silent)
		report_say(&w->report,
		    "no run directory seen; " LINK_LOCKED_UP
		    "; nothing was tracked");
	else
		report_say(&w->report,
		    "no run directory seen%s%s; nothing was tracked",
		    blind != NULL ? "; " : "", blind != NULL ? blind : "");
	free(refused);
}

void
worker_write_report(struct worker *w)
{
	struct err err = ERR_INIT;

	if (options_given(&w->options, OPT_REPORT) &&
	    report_write(&w->report, w->options.value[OPT_REPORT], &err) < 0)
		report_say(&w->report, "no report written: %s", err.message);
}

void
worker_say_report(struct worker *w)
{
	if (inotify_is_limited(w->inotify) != NULL)
		report_say(&w->report, "%s: itrack looked every second instead",
		    inotify_is_limited(w->inotify));
	if (w->search != NULL)
		search_report(w->search, &w->report);
	if (w->report.run_count == 0)
		say_nothing(w);
	worker_write_report(w);
	if (!options_given(&w->options, OPT_QUIET))
		/* We write once, so that no line of others comes between. */
		(void)!write(
		    STDERR_FILENO, w->report.text.data, w->report.text.len);
}
