#include "wrap/launch/say.h"

#include <ctype.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

void
say(const char *format, ...)
{
	char line[PATH_MAX + 256];
	va_list ap;
	int len;

	va_start(ap, format);
	len = vsnprintf(line, sizeof(line) - 1, format, ap);
	va_end(ap);
	if (len < 0)
		return;
	if ((size_t)len > sizeof(line) - 2)
		len = sizeof(line) - 2;
	for (int i = 0; i < len; i++)
		if (iscntrl((unsigned char)line[i]))
			line[i] = '?';
	line[len++] = '\n';
	if (write(STDERR_FILENO, line, (size_t)len) < 0)
		return; /* nobody to tell */
}

/* Says, in the worker's place, what finishes its work; `begin` is the
 * sentence's first part. */
static void
say_what_is_left(const struct tracking *t, const char *begin)
{
	const struct link_recorded *r = &t->recorded;

	if (r->journals == 0)
		say("%s`itrack status` lists what is recorded, `itrack "
		    "import "
		    "RUN_DIR` tracks what is not",
		    begin);
	else
		say("%s`itrack sync%s%.*s` delivers what the journal has",
		    begin, r->journals == 1 ? " " : "",
		    r->journals == 1 ? LINK_ATTEMPT_MAX : 0, r->attempt);
}

static void
say_that_none_was_seen(const struct tracking *t, const struct options *options,
    const struct copy *copy)
{
	if (options_given(options, OPT_QUIET))
		return;
	if (t->nested)
		say("itrack: tracked by the itrack-wrap inside");
	else
		say("itrack: no run directory seen%s%s; nothing was tracked",
		    !options_given(options, OPT_METRICS_FROM_STDOUT) ? ""
			: copy->whole
			? ", and no JSON object in the last line of the output"
			: ", and the output could not be read",
		    t->silent ? "; " LINK_LOCKED_UP : "");
}

void
say_report(const struct tracking *t, const struct options *options,
    const struct copy *copy)
{
	int status = t->worker_status;
	char begin[128];

	switch (t->phase) {
	case TRACKING_LISTENS:
		say_that_none_was_seen(t, options, copy);
		break;
	case TRACKING_WORKS: /* it hangs, is stopped, or had too much to do */
		snprintf(begin, sizeof(begin),
		    "itrack: tracking does not answer (process %d): once that "
		    "process has ended, ",
		    (int)t->worker);
		say_what_is_left(t, begin);
		break;
	case TRACKING_COMPLETE:
	case TRACKING_INCOMPLETE:
		break; /* the worker has said it */
	case TRACKING_LOST:
		snprintf(begin, sizeof(begin),
		    "itrack: the worker died twice (%s %d): ",
		    WIFSIGNALED(status) ? "signal" : "status",
		    WIFSIGNALED(status) ? WTERMSIG(status)
					: WEXITSTATUS(status));
		say_what_is_left(t, begin);
		break;
	case TRACKING_OFF:
		say("itrack: tracking is off: %s: %s; `itrack import RUN_DIR` "
		    "tracks what was written",
		    *t->worker_path != '\0' ? t->worker_path : "itrack-worker",
		    strerror(t->start_errno));
		break;
	}
}
