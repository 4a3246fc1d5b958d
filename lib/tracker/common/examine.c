/* What every tracker that writes files can say to `itrack doctor`: may we
 * write there? */
#include "tracker/examine.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "base/path.h"
#include "format/text.h"
#include "tracker/about.h"

void
examine_say(
    const struct examination *x, enum verdict verdict, const char *format, ...)
{
	char *line;
	va_list ap;

	va_start(ap, format);
	line = xvasprintf(format, ap);
	va_end(ap);
	x->say(x->data, verdict, line);
	free(line);
}

void
examine_directory(
    const struct examination *x, const char *dir, const char *what)
{
	const struct tracker_about *about =
	    tracker_about_find(x->plan->target->tracker);
	const char *elsewhere = about != NULL ? about->elsewhere : NULL;
	char *at = path_absolute(dir);
	char *absolute = xstrdup(at), *parent;
	struct stat st;

	while (stat(at, &st) < 0 && strcmp(at, "/") != 0) {
		parent = path_parent(at);
		free(at);
		at = parent;
	}
	if (stat(at, &st) == 0 && !S_ISDIR(st.st_mode))
		examine_say(x, VERDICT_BAD,
		    "%s go below %s, but %s is no directory", what, absolute,
		    at);
	else if (access(at, W_OK | X_OK) < 0)
		examine_say(x, VERDICT_BAD,
		    "%s go below %s, but %s can't be written (%s): choose "
		    "another directory%s%s or change its permissions",
		    what, absolute, at, strerror(errno),
		    elsewhere != NULL ? " with " : "",
		    elsewhere != NULL ? elsewhere : "");
	else
		examine_say(x, VERDICT_GOOD, "%s go below %s", what, absolute);
	free(absolute);
	free(at);
}

void
examine_root(const struct examination *x)
{
	const struct tracker_about *about =
	    tracker_about_find(x->plan->target->tracker);
	const char *text = plan_option(x->plan, about->root);
	char *dir;

	if (text == NULL) {
		examine_say(x, VERDICT_GOOD,
		    "files go to %s/PROJECT/RUN-ID, beside each run directory",
		    about->beside);
		return;
	}
	dir = text_path_bytes(text);
	examine_directory(x, dir, "files");
	free(dir);
}
