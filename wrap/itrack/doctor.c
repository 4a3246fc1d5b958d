/* itrack doctor: the installation and each selected tracker, before a run depends on
 * them. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tracker/tracker.h"
#include "wrap/attempt/start.h"
#include "wrap/itrack/command.h"
#include "wrap/itrack/installation.h"
#include "wrap/itrack/print.h"

struct doctor {
	const char *member;     /* of the JSON: "tracker" or "part" */
	const char *tracker;    /* its name, or that of the part */
	struct jsonwrite *json; /* NULL: lines */
	bool failed;            /* something was bad */
};

/* An examiner's say(). */
static void
say(void *data, enum verdict verdict, const char *plain)
{
	static const char *const words[] = {[VERDICT_GOOD] = "ok",
	    [VERDICT_NOTE] = "note",
	    [VERDICT_BAD] = "problem"};
	struct doctor *d = data;

	d->failed |= verdict == VERDICT_BAD;
	if (d->json != NULL) {
		jsonwrite_open(d->json, '{');
		print_json_bytes(d->json, d->member, d->tracker);
		print_json_bytes(d->json, "verdict", words[verdict]);
		print_json_bytes(d->json, "text", plain);
		jsonwrite_close(d->json, '}');
		return;
	}
	printf("%s: %s: ", d->tracker, words[verdict]);
	print_escaped(plain, stdout);
	putchar('\n');
}

static void
say_of_part(
    void *data, const char *part, enum verdict verdict, const char *text)
{
	struct doctor *d = data;

	d->tracker = part;
	say(data, verdict, text);
}

static void
examine(struct doctor *d, const struct options *options)
{
	char *cwd = getcwd(NULL, 0);
	struct target *targets;
	size_t len;

	targets = attempt_make_targets(options, true, &len);
	for (size_t i = 0; i < len; i++) {
		const struct plan plan = {
		    .target = &targets[i],
		    .project = options->value[OPT_TRACK_PROJECT],
		    .experiment = options->value[OPT_EXPERIMENT_NAME],
		    .cwd = cwd != NULL ? cwd : "/",
		};
		const struct examination x = {
		    .plan = &plan, .say = say, .data = d};

		d->tracker = targets[i].tracker;
		tracker_find(d->tracker)->examine(&x);
	}
	attempt_free_targets(targets, len);
	free(cwd);
}

static int
run(const struct options *options)
{
	struct doctor d = {0};
	struct jsonwrite w;
	struct buf out;

	if (options->argument_count > 0)
		return command_usage(&command_doctor,
		    "takes no argument, but got \"%s\"", options->arguments[0]);
	if (options_given(options, OPT_JSON)) {
		d.json = &w;
		print_json_begin(&w, &out);
		jsonwrite_open_member(&w, "installation", '[');
	}
	d.member = "part";
	installation_examine(say_of_part, &d);
	if (d.json != NULL) {
		jsonwrite_close(&w, ']');
		jsonwrite_open_member(&w, "findings", '[');
	}
	d.member = "tracker";
	examine(&d, options);
	if (d.json != NULL) {
		jsonwrite_close(&w, ']');
		print_json_end(&w, &out);
	}
	return d.failed ? STATUS_FAILURE : STATUS_OK;
}

const struct command command_doctor = {
    .name = "doctor",
    .program = PROGRAM_DOCTOR,
    .usage = "itrack doctor [option]...",
    .about = "Examines the installation and the selected trackers.",
    .run = run,
};
