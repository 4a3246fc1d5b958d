/* itrack doctor: each selected tracker, before a run depends on it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "format/text.h"
#include "tracker/tracker.h"
#include "wrap/attempt/start.h"
#include "wrap/itrack/command.h"

/* A URL or path and a sentence. */
#define LINE_MAX_BYTES (64 * 1024)

struct doctor {
	const char *tracker;
	bool failed; /* something was bad */
};

static void
say(void *data, enum verdict verdict, const char *plain)
{
	static const char *const words[] = {[VERDICT_GOOD] = "ok",
	    [VERDICT_NOTE] = "note",
	    [VERDICT_BAD] = "problem"};
	struct doctor *d = data;
	struct buf line, text;

	buf_init(&text, LINE_MAX_BYTES);
	buf_init(&line, LINE_MAX_BYTES);
	text_from_bytes(&text, plain, strlen(plain));
	text_escape(&line, text.data);
	printf("%s: %s: %s\n", d->tracker, words[verdict], line.data);
	if (verdict == VERDICT_BAD)
		d->failed = true;
	buf_release(&line);
	buf_release(&text);
}

static int
run(const struct options *options)
{
	struct doctor d = {0};
	struct target *targets;
	char *cwd;
	size_t len;

	if (options->argument_count > 0)
		return command_usage(&command_doctor,
		    "takes no argument, but got \"%s\"", options->arguments[0]);
	cwd = getcwd(NULL, 0);
	targets = attempt_make_targets(options, true, &len);
	for (size_t i = 0; i < len; i++) {
		const struct plan plan = {
		    .target = &targets[i],
		    .project = options->value[OPT_TRACK_PROJECT],
		    .experiment = options->value[OPT_EXPERIMENT_NAME],
		    .cwd = cwd != NULL ? cwd : "/",
		};
		const struct examination x = {
		    .plan = &plan, .say = say, .data = &d};

		d.tracker = targets[i].tracker;
		tracker_find(d.tracker)->examine(&x);
	}
	attempt_free_targets(targets, len);
	free(cwd);
	return d.failed ? STATUS_FAILURE : STATUS_OK;
}

const struct command command_doctor = {
    .name = "doctor",
    .program = PROGRAM_DOCTOR,
    .usage = "itrack doctor [option]...",
    .about = "Examines the selected trackers before a run depends on them.",
    .run = run,
};
