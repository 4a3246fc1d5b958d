#include "wrap/worker/foretell.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "base/process.h"
#include "format/text.h"
#include "tracker/tracker.h"
#include "watcher/config_params.h"
#include "wrap/attempt/start.h"
#include "wrap/attempt/stop_if.h"
#include "wrap/link/link.h"
#include "wrap/worker/search/guess.h"

/* A line for each tracker; the launcher takes no more. */
#define LINES_MAX_BYTES 16384

struct foretell {
	const struct options *options;
	const char *tracker;
	struct buf lines;
};

/* An examiner's say(). */
static void
say(void *data, enum verdict verdict, const char *plain)
{
	struct foretell *f = data;
	char *text = text_path_text(plain);

	buf_addf(&f->lines, "itrack: %s: ", f->tracker);
	text_escape(&f->lines, text);
	if (verdict == VERDICT_BAD)
		buf_adds(&f->lines,
		    "; until that is mended the run waits in the journal");
	else if (options_given(f->options, OPT_RECORD_ONLY))
		buf_adds(&f->lines, ", by itrack sync (--record-only)");
	buf_addc(&f->lines, '\n');
	free(text);
}

static void
ask_trackers(struct foretell *f)
{
	char *cwd = process_cwd();
	struct target *targets;
	size_t len;

	targets = attempt_make_targets(f->options, false, &len);
	for (size_t i = 0; i < len; i++) {
		const struct tracker_ops *ops =
		    tracker_find(targets[i].tracker);
		const struct plan plan = {
		    .target = &targets[i],
		    .project = f->options->value[OPT_TRACK_PROJECT],
		    .experiment = f->options->value[OPT_EXPERIMENT_NAME],
		    .cwd = cwd != NULL ? cwd : "/",
		};
		const struct examination x = {
		    .plan = &plan, .say = say, .data = f};

		f->tracker = targets[i].tracker;
		if (ops->foretell != NULL)
			ops->foretell(&x);
	}
	attempt_free_targets(targets, len);
	free(cwd);
}

static bool
is_batch(const char *config_path)
{
	struct buf text, left_out;
	bool batch = false;
	struct entry e;

	buf_init(&text, CONFIG_BYTES_MAX);
	buf_init(&left_out, CONFIG_LEFT_OUT_MAX);
	entry_init(&e, ENTRY_PARAMS, 0);
	if (file_read_all(AT_FDCWD, config_path, &text, NULL) == 0 &&
	    config_params(&e, text.data, text.len, &left_out, NULL) == 0)
		batch = attempt_is_batch(&e.params);
	entry_release(&e);
	buf_release(&left_out);
	buf_release(&text);
	return batch;
}

/* Says that no rule can hold in time. */
static void
ask_rules(struct foretell *f)
{
	struct rundir_guess guess;
	const char *who = NULL;

	if (f->options->stop_if_len == 0)
		return;
	rundir_guess_own(
	    &guess, f->options->argument_count, f->options->arguments);
	if (guess.harness)
		who = STOP_HARNESS;
	else if (guess.config_path != NULL && is_batch(guess.config_path))
		who = STOP_BATCH;
	if (who != NULL)
		buf_addf(&f->lines, "itrack: " STOP_TOO_LATE "\n", who);
	rundir_guess_release(&guess);
}

bool
foretell_is_asked_for(int argc, char **argv)
{
	return argc > 1 && strcmp(argv[1], LINK_FORETELLER) == 0;
}

/* The launcher says nothing then. */
static _Noreturn void
on_death(const char *message)
{
	(void)message;
	_exit(1);
}

int
foretell_main(int argc, char **argv)
{
	/* Its memory is never freed and stays within reach. */
	static struct options options;
	struct foretell f = {.options = &options};
	char message[OPTIONS_MESSAGE_MAX];

	die_set_hook(on_death);
	if (options_parse(&options, PROGRAM_WRAP, argc - 1, argv + 1, message) <
	    0)
		return 1;
	buf_init(&f.lines, LINES_MAX_BYTES);
	ask_rules(&f);
	ask_trackers(&f);
	/* One write, because the launcher stops to listen after a while. */
	if (f.lines.len > 0)
		(void)!write(STDOUT_FILENO, f.lines.data, f.lines.len);
	buf_release(&f.lines);
	return 0;
}
