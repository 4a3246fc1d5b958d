/* itrack doctor: each selected tracker, before a run depends on it. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/die.h"
#include "base/path.h"
#include "format/text.h"
#include "wrap/itrack/command.h"
#include "wrap/itrack/doctor.h"

/* A URL or path and a sentence. */
#define LINE_MAX_BYTES (64 * 1024)

static void doctor_local(struct doctor *d);
static void doctor_tensorboard(struct doctor *d);

static const struct {
	const char *tracker;
	void (*examine)(struct doctor *d);
} table[] = {
    {"local", doctor_local},
    {"tensorboard", doctor_tensorboard},
    {"mlflow", doctor_mlflow},
    {"wandb", doctor_wandb},
};

void
doctor_say(struct doctor *d, enum verdict verdict, const char *format, ...)
{
	static const char *const words[] = {[DOCTOR_GOOD] = "ok",
	    [DOCTOR_NOTE] = "note",
	    [DOCTOR_BAD] = "problem"};
	struct buf line, text;
	char *plain;
	va_list ap;

	va_start(ap, format);
	if (vasprintf(&plain, format, ap) < 0)
		die("out of memory");
	va_end(ap);
	buf_init(&text, LINE_MAX_BYTES);
	buf_init(&line, LINE_MAX_BYTES);
	text_from_bytes(&text, plain, strlen(plain));
	text_escape(&line, text.data);
	printf("%s: %s: %s\n", d->tracker, words[verdict], line.data);
	if (verdict == DOCTOR_BAD)
		d->failed = true;
	buf_release(&line);
	buf_release(&text);
	free(plain);
}

void
doctor_directory(struct doctor *d, const char *dir, const char *what)
{
	char *at = path_absolute(dir);
	char *absolute = xstrdup(at), *parent;
	struct stat st;

	while (stat(at, &st) < 0 && strcmp(at, "/") != 0) {
		parent = path_parent(at);
		free(at);
		at = parent;
	}
	if (stat(at, &st) == 0 && !S_ISDIR(st.st_mode))
		doctor_say(d, DOCTOR_BAD,
		    "%s go below %s, but %s is no directory", what, absolute,
		    at);
	else if (access(at, W_OK | X_OK) < 0)
		doctor_say(d, DOCTOR_BAD,
		    "%s go below %s, but %s can't be written: choose another "
		    "directory or change its permissions",
		    what, absolute, at);
	else
		doctor_say(d, DOCTOR_GOOD, "%s go below %s", what, absolute);
	free(absolute);
	free(at);
}

/* Without a directory of its own a tracker writes beside the run directory,
 * which is not known yet. */
static void
own_directory(struct doctor *d, enum option_id id, const char *below)
{
	const char *dir = d->options->value[id];

	if (dir != NULL)
		doctor_directory(d, dir, "files");
	else
		doctor_say(d, DOCTOR_GOOD,
		    "files go to %s, beside each run directory", below);
}

static void
doctor_local(struct doctor *d)
{
	own_directory(d, OPT_LOCAL_DIR, "tracking/PROJECT/RUN-ID");
}

static void
doctor_tensorboard(struct doctor *d)
{
	own_directory(
	    d, OPT_TENSORBOARD_DIR, "tracking/tensorboard/PROJECT/RUN-ID");
}

static int
run(const struct options *options)
{
	struct doctor d = {.options = options};

	if (options->argument_count > 0)
		return command_usage(&command_doctor,
		    "takes no argument, but got \"%s\"", options->arguments[0]);
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		if (options_tracks(options, table[i].tracker)) {
			d.tracker = table[i].tracker;
			table[i].examine(&d);
		}
	return d.failed ? STATUS_FAILURE : STATUS_OK;
}

const struct command command_doctor = {
    .name = "doctor",
    .program = PROGRAM_DOCTOR,
    .usage = "itrack doctor [option]...",
    .about = "Examines the selected trackers before a run depends on them.",
    .run = run,
};
