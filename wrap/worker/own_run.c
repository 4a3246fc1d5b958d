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
#include "journal/state.h"
#include "wrap/attempt/private.h"
#include "journal/list.h"
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
};

static bool
each_pending(const char *attempt, void *data)
{
	struct search *s = data;
	struct entry start;

	if (journals_start(s->config->state_dir, attempt, &start, NULL) < 0)
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

/* A worker that was killed may have left it: whole, or cut off before its end,
 * which was written together with the rest, so that nobody has seen it. */
static int
find_left(struct attempt **attempt, const struct attempt_config *config,
    const struct link_launched *launched)
{
	struct search s = {.config = config, .launched = launched};
	struct journal *j = NULL;
	int result = -ENOENT;

	s.dir = text_path_text(config->run_dir);
	index_each(config->state_dir, each_indexed, &s, NULL);
	if (!s.delivered)
		state_each(config->state_dir, each_pending, &s, NULL);
	if (s.delivered)
		result = -EALREADY;
	else if (s.attempt != NULL &&
	    journals_has_end(config->state_dir, s.attempt))
		result = attempt_adopt(attempt, config, s.attempt, NULL);
	else if (s.attempt != NULL &&
	    journal_adopt(config->state_dir, s.attempt, &j, NULL) == 0) {
		journal_remove(j, NULL);
		journal_close(j);
	}
	free(s.attempt);
	free(s.dir);
	return result;
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
		result = find_left(attempt, &own, launched);
	if (result == 0 || result == -EALREADY)
		return result;
	result = attempt_new(attempt, &own, err);
	if (result < 0)
		return result;
	entry_init(&e, ENTRY_RUN_ID, own.started_us);
	e.run_id =
	    text_path_text(name != NULL ? name : command_name(config->options));
	attempt_keep(*attempt, &e);
	entry_init(&e, ENTRY_METRICS, own.started_us);
	e.metrics.step = 0;
	lastline_read(line, len,
	    config->options->value[OPT_PREFIX] != NULL
		? config->options->value[OPT_PREFIX]
		: "",
	    &e);
	attempt_keep(*attempt, &e);
	return 0;
}
