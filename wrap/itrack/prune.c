/* itrack prune: forgets old runs that are delivered. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "format/text.h"
#include "journal/index.h"
#include "journal/journal.h"
#include "journal/health.h"
#include "journal/state_dir.h"
#include "wrap/itrack/command.h"
#include "wrap/itrack/print.h"
#include "wrap/itrack/timespan.h"

struct prune {
	const struct options *options;
	char *state_dir;
	int64_t before_us;
	char before[CLOCK_COMPACT_SIZE]; /* as an attempt's name begins */
	struct buf text;
	size_t lines, removed, folders, pending;
	struct err failed;
};

/* An import of an old run is as young as the import. */
static bool
is_old(const struct prune *p, const struct index_entry *e)
{
	return e->ended_us < p->before_us &&
	    strncmp(e->attempt, p->before, strlen(p->before)) < 0;
}

/* An attempt whose folder is still there is not put away: `itrack sync` does
 * that. So is one of which that can't be told. */
static bool
has_folder(struct prune *p, const char *attempt)
{
	struct err err = ERR_INIT;
	int fd = state_open_attempt(p->state_dir, attempt, false, &err);

	if (fd >= 0)
		close(fd);
	if (fd < 0 && fd != -ENOENT && p->failed.code == 0)
		p->failed = err;
	return fd != -ENOENT;
}

static bool
each_line(const struct index_entry *e, void *data)
{
	struct prune *p = data;

	p->lines++;
	if (!is_old(p, e))
		return false;
	if (has_folder(p, e->attempt)) {
		p->pending++;
		return false;
	}
	p->removed++;
	buf_addf(&p->text, "%s  ", e->attempt);
	text_escape(&p->text, e->run_id != NULL ? e->run_id : "-");
	buf_adds(&p->text, "  ");
	text_escape(&p->text, e->run_dir);
	buf_addc(&p->text, '\n');
	return true;
}

/* A process that was killed before its first entry left nothing but a folder. */
static bool
each_folder(const char *attempt, void *data)
{
	struct prune *p = data;
	struct entry start;
	int result;

	if (!state_is_attempt(attempt) ||
	    strncmp(attempt, p->before, strlen(p->before)) >= 0)
		return true;
	result = journals_start(p->state_dir, attempt, &start, NULL);
	if (result == 0)
		entry_release(&start);
	if (result != -ENODATA && result != -ENOENT)
		return true;
	if (options_given(p->options, OPT_DRY_RUN)) {
		if (!journal_may_discard(p->state_dir, attempt))
			return true;
	} else if (journal_discard(p->state_dir, attempt, NULL) < 0 ||
	    has_folder(p, attempt)) {
		return true;
	}
	p->folders++;
	buf_addf(&p->text, "%s  an empty folder\n", attempt);
	return true;
}

static int
prune_all(struct prune *p, struct err *err)
{
	bool dry_run = options_given(p->options, OPT_DRY_RUN);
	int result = index_prune(p->state_dir, dry_run, each_line, p, err);

	if (result < 0) {
		p->removed = 0;
		buf_reset(&p->text);
		return result;
	}
	result = state_each(p->state_dir, each_folder, p, err);
	if (result == 0 && p->failed.code < 0)
		result = err_set(err, p->failed.code, "%s", p->failed.message);
	return result;
}

static void
say(const struct prune *p)
{
	const char *what = options_given(p->options, OPT_DRY_RUN)
	    ? "would be removed"
	    : "removed";

	if (options_given(p->options, OPT_QUIET))
		return;
	fwrite(p->text.data, 1, p->text.len, stdout);
	printf("%zu of %zu delivered runs %s", p->removed, p->lines, what);
	if (p->folders > 0)
		printf(", and %zu empty folder%s", p->folders,
		    p->folders == 1 ? "" : "s");
	if (p->pending > 0)
		printf("; %zu old one%s not put away yet: itrack sync",
		    p->pending, p->pending == 1 ? " is" : "s are");
	putchar('\n');
}

static int
prune_run(const struct options *options)
{
	struct prune p = {.options = options};
	struct err err = ERR_INIT;
	int64_t age_us;
	int result;

	if (options->argument_count > 0)
		return command_usage(&command_prune, "takes no arguments");
	if (!options_given(options, OPT_OLDER_THAN))
		return command_usage(&command_prune,
		    "say which: --older-than DURATION, as in 30d");
	if (timespan_duration(options->value[OPT_OLDER_THAN], &age_us, &err) <
	    0)
		return command_usage(
		    &command_prune, "--older-than: %s", err.message);
	p.state_dir = state_dir_path();
	if (p.state_dir == NULL)
		return command_usage(&command_prune,
		    "neither XDG_STATE_HOME nor HOME names a directory");
	p.before_us = clock_wall_us() - age_us;
	clock_compact(p.before, p.before_us);
	buf_init(&p.text, SIZE_MAX / 2);
	result = prune_all(&p, &err);
	say(&p);
	if (result < 0)
		print_failure("prune", &err);
	buf_release(&p.text);
	free(p.state_dir);
	return result < 0 ? STATUS_FAILURE : STATUS_OK;
}

const struct command command_prune = {
    .name = "prune",
    .program = PROGRAM_PRUNE,
    .usage = "itrack prune --older-than DURATION [--dry-run]",
    .about = "forget old runs that are delivered",
    .run = prune_run,
};
