/* itrack sync: delivers what is still pending, from the journals. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/die.h"
#include "journal/index.h"
#include "journal/state_dir.h"
#include "wrap/attempt/attempt.h"
#include "wrap/itrack/command.h"
#include "wrap/itrack/deliver.h"
#include "journal/health.h"
#include "wrap/attempt/report_json.h"
#include "wrap/itrack/sync_follow.h"

struct sync {
	const struct options *options;
	struct deliver *deliver;
	char *state_dir;
	struct report report;
	size_t found;
	bool failed;
};

static void
refuse(struct sync *s, const struct err *err)
{
	report_say(&s->report, "%s", err->message);
	s->failed = true;
}

/* Has an attempt that the user names a journal? Says what else it may be. */
static bool
is_there(struct sync *s, const char *attempt)
{
	struct err err = ERR_INIT, why = ERR_INIT;
	struct journal_reader reader;
	struct stat st;
	int result;

	result = journal_reader_open(&reader, s->state_dir, attempt, &why);
	if (result == 0)
		journal_reader_release(&reader);
	/* What is there, but not as it should be, is named by who takes it. */
	if (result == 0 || (result != -ENOENT && result != -EINVAL))
		return true;
	if (stat(attempt, &st) == 0 && S_ISDIR(st.st_mode))
		err_set(&err, result,
		    "%s is a directory: itrack import tracks a run directory, "
		    "itrack sync --follow delivers from a state directory",
		    attempt);
	else if (index_has(s->state_dir, attempt, NULL) > 0)
		err_set(&err, result, "%s: nothing is pending, it is delivered",
		    attempt);
	else
		err_set(&err, result,
		    "%s: no such attempt (itrack status lists what is pending)",
		    attempt);
	refuse(s, &err);
	return false;
}

/* Drops an attempt on request: its journal is removed, with the entries that
 * were not delivered. */
static void
drop(struct sync *s, const char *attempt)
{
	struct journal *j = NULL;
	struct err err = ERR_INIT;

	s->found++;
	if (!is_there(s, attempt))
		return;
	if (journal_adopt(s->state_dir, attempt, &j, &err) < 0 ||
	    journal_remove(j, &err) < 0) {
		report_say(
		    &s->report, "%s: not dropped: %s", attempt, err.message);
		s->failed = true;
	} else {
		report_say(&s->report, "%s: dropped", attempt);
	}
	journal_close(j);
}

/* `named`: by the user, who hears of one that is not there. */
static void
sync_one(struct sync *s, const char *attempt, bool named)
{
	struct attempt_config config = deliver_config(s->deliver);
	struct attempt *a = NULL;
	struct err err = ERR_INIT;
	int result;

	s->found++;
	if (named && !is_there(s, attempt))
		return;
	result = attempt_adopt(&a, &config, attempt, &err);
	if (result == 0) {
		deliver_add(s->deliver, a, false);
		return;
	}
	/* Delivered by another since we looked. */
	if (result == -ENOENT && !named)
		return;
	deliver_pass_over(s->deliver);
	/* One that is at work needs no help. */
	if (result == -EBUSY) {
		report_say(&s->report, "%s", err.message);
		return;
	}
	err_prefix(&err, "%s", attempt);
	refuse(s, &err);
}

static bool
each(const char *attempt, void *data)
{
	struct sync *s = data;

	/* A process that was killed before its first entry left nothing to
	 * deliver. */
	if (!journals_discard_empty(s->state_dir, attempt))
		sync_one(s, attempt, false);
	if (!deliver_is_stopped(s->deliver))
		return true;
	report_say(&s->report,
	    "stopped by a signal: what was not looked at stays pending");
	s->failed = true;
	return false;
}

static bool
count(const char *attempt, void *data)
{
	(void)attempt;
	++*(size_t *)data;
	return true;
}

/* How many there are to do; what can't be listed is said by who lists them. */
static size_t
count_of(const struct sync *s)
{
	size_t n = (size_t)s->options->argument_count;

	if (n == 0 && !options_given(s->options, OPT_DROP))
		state_each(s->state_dir, count, &n, NULL);
	return n;
}

static int
sync_run(const struct options *options)
{
	struct sync s = {.options = options};
	struct err err = ERR_INIT;

	if (options_given(options, OPT_DROP) && options->argument_count > 0)
		return command_usage(
		    &command_sync, "--drop gives one attempt up, no others");
	if (options_given(options, OPT_FOLLOW) &&
	    (options_given(options, OPT_DROP) ||
		options_given(options, OPT_REPORT)))
		return command_usage(&command_sync,
		    "--follow has no end to report, and gives nothing up");
	s.state_dir = state_dir_path();
	if (s.state_dir == NULL)
		return command_usage(&command_sync,
		    "neither XDG_STATE_HOME nor HOME names a directory");
	if (options_given(options, OPT_FOLLOW)) {
		int status = sync_follow(options, s.state_dir);

		free(s.state_dir);
		return status;
	}
	report_init(&s.report, options);
	if (index_check(s.state_dir, &err) < 0)
		refuse(&s, &err);
	s.deliver = deliver_new(options, s.state_dir, &s.report);
	deliver_expect(s.deliver, count_of(&s));
	for (int i = 0; i < options->argument_count; i++)
		sync_one(&s, options->arguments[i], true);
	if (options_given(options, OPT_DROP))
		drop(&s, options->value[OPT_DROP]);
	else if (options->argument_count == 0 &&
	    state_each(s.state_dir, each, &s, &err) < 0)
		refuse(&s, &err);
	if (!deliver_run(s.deliver))
		s.failed = true;
	deliver_free(s.deliver);
	report_say_totals(&s.report);
	if (s.found == 0)
		report_say(&s.report, "nothing is pending");
	if (options_given(options, OPT_REPORT) &&
	    report_write(&s.report, options->value[OPT_REPORT], &err) < 0) {
		report_say(&s.report, "no report written: %s", err.message);
		s.failed = true;
	}
	if (s.failed || !options_given(options, OPT_QUIET))
		fputs(s.report.text.data, stderr);
	report_release(&s.report);
	free(s.state_dir);
	return s.failed ? STATUS_FAILURE : STATUS_OK;
}

const struct command command_sync = {
    .name = "sync",
    .program = PROGRAM_SYNC,
    .usage = "itrack sync [option]... [attempt|root]...",
    .about = "deliver what is still pending",
    .run = sync_run,
};
