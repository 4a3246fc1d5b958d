#include "wrap/worker/own_run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/path.h"
#include "base/process.h"
#include "format/text.h"
#include "journal/index.h"
#include "journal/state_dir.h"
#include "wrap/attempt/private.h"
#include "journal/health.h"
#include "wrap/attempt/stdout_line.h"

static const char *
command_name(const struct options *o)
{
	return o->argument_count > 0 ? path_base(o->arguments[0]) : "command";
}

char *
own_run_dir(const struct options *options)
{
	char *cwd = process_cwd();
	char *dir = path_join(
	    cwd != NULL && cwd[0] != '\0' ? cwd : "/", command_name(options));

	free(cwd);
	return dir;
}

struct search {
	const struct attempt_config *config;
	const struct link_launched *launched;
	char *dir; /* as text */
	char *attempt;
	bool delivered;
	struct err failed; /* what could not be looked at */
};

static void
could_not_look(struct search *s, int result, const struct err *why)
{
	if (journals_may_be_read_later(result))
		s->failed = *why;
}

static bool
each_pending(const char *attempt, void *data)
{
	struct search *s = data;
	struct err why = ERR_INIT;
	struct entry start;
	int result =
	    journals_start(s->config->state_dir, attempt, &start, &why);

	could_not_look(s, result, &why);
	if (result < 0)
		return true;
	if (start.start.source == SOURCE_LIBRARY &&
	    start.start.writer == s->launched->command &&
	    start.time_us == clock_us(&s->launched->wall) &&
	    strcmp(start.start.run_dir, s->dir) == 0)
		s->attempt = xstrdup(attempt);
	entry_release(&start);
	return s->attempt == NULL;
}

static bool
each_indexed(const struct index_entry *e, void *data)
{
	struct search *s = data;

	s->delivered = s->delivered ||
	    (e->started_us == clock_us(&s->launched->wall) &&
		strcmp(e->run_dir, s->dir) == 0);
	return !s->delivered;
}

/* Removes a run that was cut off before its end. The end is written together
 * with the rest, so nobody has seen anything of it. */
static int
remove_torn(const char *state_dir, const char *name, struct err *err)
{
	struct journal *j;
	int result = journal_adopt(state_dir, name, &j, err);

	if (result < 0)
		return result;
	result = journal_remove(j, err);
	journal_close(j);
	return result < 0 ? result : -ENOENT;
}

static int
take_left(struct attempt **attempt, const struct attempt_config *config,
    const char *name, struct err *err)
{
	int has_end = journals_has_end(config->state_dir, name, err);

	if (has_end < 0)
		return has_end;
	return has_end > 0 ? attempt_adopt(attempt, config, name, err)
			   : remove_torn(config->state_dir, name, err);
}

/* Finds the run that a killed worker may have left, whole or cut off. -ENOENT:
 * there is none, or none that can ever be used. */
static int
find_left(struct attempt **attempt, const struct attempt_config *config,
    const struct link_launched *launched, struct err *err)
{
	struct search s = {.config = config, .launched = launched};
	struct err why = ERR_INIT;
	int result = -ENOENT;

	s.dir = text_path_text(config->run_dir);
	could_not_look(
	    &s, index_each(config->state_dir, each_indexed, &s, &why), &why);
	if (!s.delivered)
		could_not_look(&s,
		    state_each(config->state_dir, each_pending, &s, &why),
		    &why);
	if (s.delivered)
		result = -EALREADY;
	else if (s.attempt != NULL)
		result = take_left(attempt, config, s.attempt, &why);
	else if (s.failed.code < 0)
		result = err_set(&why, s.failed.code, "%s", s.failed.message);
	free(s.attempt);
	free(s.dir);
	if (result == 0 || result == -EALREADY)
		return result;
	return attempt_may_be_adopted_later(result)
	    ? err_set(err, result,
		  "the numbers of the output's last line: not tracked, since "
		  "what is tracked already could not be looked at: %s",
		  why.message)
	    : -ENOENT;
}

static void
keep_where(struct attempt *a, int64_t time_us)
{
	const struct entry_start *start = attempt_start(a);
	struct entry e;

	if (start->where_len == 0)
		return;
	entry_init(&e, ENTRY_PARAMS, time_us);
	for (size_t i = 0; i < start->where_len; i++)
		entry_add_param_text(
		    &e, start->where[i].name, start->where[i].text);
	attempt_keep(a, &e);
}

int
own_run_begin(struct attempt **attempt, const struct attempt_config *config,
    const struct link_launched *launched, const char *line, size_t len,
    struct err *err)
{
	struct attempt_config own = *config;
	const char *name = config->options->value[OPT_RUN_NAME];
	struct entry e;
	int result = -ENOENT;

	own.source = SOURCE_LIBRARY;
	own.started_us = clock_us(&launched->wall);
	if (launched->restarts > 0 && own.state_dir != NULL)
		result = find_left(attempt, &own, launched, err);
	if (result != -ENOENT)
		return result;
	result = attempt_new(attempt, &own, err);
	if (result < 0)
		return result;
	entry_init(&e, ENTRY_RUN_ID, own.started_us);
	e.run_id =
	    text_path_text(name != NULL ? name : command_name(config->options));
	attempt_keep(*attempt, &e);
	keep_where(*attempt, own.started_us);
	entry_init(&e, ENTRY_METRICS, own.started_us);
	e.metrics.step = 0;
	e.metrics.summary = true;
	lastline_read(line, len,
	    config->options->value[OPT_PREFIX] != NULL
		? config->options->value[OPT_PREFIX]
		: "",
	    &e);
	attempt_keep(*attempt, &e);
	return 0;
}
