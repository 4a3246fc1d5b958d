#include "itrack/run_begin.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/digest.h"
#include "base/git.h"
#include "base/path.h"
#include "base/process.h"
#include "format/text.h"
#include "itrack/ask_worker.h"
#include "itrack/start_worker.h"

/* How long a start waits for the worker's first file. */
#define FIRST_WRITE_MS 5000
/* How long it waits for a server to begin the run, and to say how it is called or
 * that it is not there. */
#define ITS_ID_MS 5000

/* The text is the target's from now on, which const would not say. */
static void
/* NOLINTNEXTLINE(readability-non-const-parameter) */
add_pair(struct target *target, const char *name, char *text)
{
	target->options[target->option_len++] =
	    (struct pair){xstrdup(name), text};
}

static void
copy_options(
    struct target *target, const struct settings *s, const struct run *run)
{
	/* With a place and an ID. */
	target->options = xcalloc(s->option_len + 2, sizeof *target->options);
	for (size_t i = 0; i < s->option_len; i++)
		add_pair(
		    target, s->options[i].name, xstrdup(s->options[i].text));
	if (run->place != NULL)
		add_pair(target, PLACE_OPTION, text_path_text(run->place));
	if (run->there != NULL)
		add_pair(target, s->kind->run_id_option, xstrdup(run->there));
}

static char *
copy_text(const char *text)
{
	return text != NULL ? xstrdup(text) : NULL;
}

/* name NULL: there is no run, only single calls. */
static void
fill_start(struct entry *e, const struct settings *s, const struct run *run,
    const char *name, int64_t now_us)
{
	char *remote;
	struct entry_start *start = &e->start;
	char *cwd = process_cwd();

	entry_init(e, ENTRY_START, now_us);
	start->attempt = xstrdup(journal_attempt(run->journal));
	start->source = SOURCE_LIBRARY;
	start->run_dir = text_path_text(run->place != NULL ? run->place
		: cwd != NULL                              ? cwd
							   : "/");
	start->project = xstrdup(s->project);
	start->experiment_name = copy_text(s->experiment_name);
	start->run_name = copy_text(name);
	start->no_run = name == NULL;
	if (run->parent != NULL)
		start->parent = xstrdup(journal_attempt(run->parent->journal));
	start->notes = copy_text(s->notes);
	start->prefix = xstrdup("");
	start->tags = xcalloc(s->tag_len, sizeof *start->tags);
	for (size_t i = 0; i < s->tag_len; i++)
		start->tags[start->tag_len++] = xstrdup(s->tags[i]);
	start->targets = xcalloc(1, sizeof *start->targets);
	start->target_len = 1;
	start->targets[0].tracker = xstrdup(s->kind->name);
	copy_options(&start->targets[0], s, run);
	start->host = process_host();
	start->boot_id = process_boot_id();
	start->pid = getpid();
	start->pid_start = process_start(getpid());
	start->user = process_user();
	start->command = text_path_text(program_invocation_short_name);
	start->git_commit = git_commit(cwd);
	remote = git_remote(cwd);
	start->git_remote = remote != NULL ? text_path_text(remote) : NULL;
	free(remote);
	entry_start_take_where(start);
	start->cwd = cwd != NULL ? text_path_text(cwd) : NULL;
	start->artifacts = xstrdup("all");
	free(cwd);
}

static int
write_start(const struct settings *s, struct run *run,
    const struct start *start, const char *name, int64_t now_us,
    struct err *err)
{
	struct entry e;
	int result;

	fill_start(&e, s, run, name, now_us);
	if (run->open)
		e.start.open = xstrdup(start->open_name);
	result = run_log(run, &e, err);
	if (result < 0 || run->id == NULL)
		return result;
	entry_init(&e, ENTRY_RUN_ID, now_us);
	e.run_id = xstrdup(run->label != NULL ? run->label : run->id);
	return run_log(run, &e, err);
}

/* The name that insideLLMs would choose; without one it is the time. */
static char *
choose_name(const struct settings *s, const char *given, int64_t now_us)
{
	char iso[CLOCK_ISO_LOCAL_SIZE];

	if (given != NULL && given[0] != '\0')
		return text_of_bytes(given);
	if (s->experiment_name != NULL)
		return xstrdup(s->experiment_name);
	clock_iso_local(iso, now_us);
	if (s->kind->iso_names)
		return xstrdup(iso);
	/* 2026-11-23T09:02:14 -> 20261123_090214 */
	return xasprintf("%.4s%.2s%.2s_%.2s%.2s%.2s", iso, iso + 5, iso + 8,
	    iso + 11, iso + 14, iso + 17);
}

static int
open_journal(
    const char *state_dir, struct run *run, int64_t now_us, struct err *err)
{
	char attempt[ATTEMPT_SIZE];
	struct err why = ERR_INIT;

	if (state_dir == NULL)
		return settings_no_state_dir(err);
	journal_new_attempt(attempt, now_us);
	run->journal = journal_create(state_dir, attempt, &why);
	free(run->state_dir);
	run->state_dir = xstrdup(state_dir);
	if (!journal_in_memory(run->journal))
		return 0;
	return err_set(err, why.code, "no journal: %s", why.message);
}

static void
drop_journal(struct run *run)
{
	if (run->journal == NULL)
		return;
	journal_remove(run->journal, NULL);
	journal_close(run->journal);
	run->journal = NULL;
}

void
run_undo(struct run *run)
{
	run_drop_place(run);
	drop_journal(run);
	run_free(run);
}

struct beginning {
	const struct start *start;
	const char *name;
	int64_t now_us;
};

/* What the tracker will call the run, where that is known. */
static void
take_its_id(const struct settings *s, struct run *run)
{
	const char *attempt = journal_attempt(run->journal);
	const char *dir = s->kind->digest_is_id != NULL
	    ? settings_option(s, s->kind->digest_is_id)
	    : NULL;
	char *id = NULL;

	if (s->kind->attempt_is_id)
		id = xstrdup(attempt);
	else if (dir != NULL &&
	    (dir[0] == '/' || strncmp(dir, "file:", 5) == 0))
		id = digest_hex(attempt);
	if (id == NULL)
		return;
	if (run->label == NULL)
		run->label = run->id;
	else
		free(run->id);
	run->id = id;
}

/* Makes a journal there and writes the start into it, or leaves nothing. */
static int
begin_in(const char *state_dir, const struct settings *s, struct run *run,
    const struct beginning *b, struct err *err)
{
	int result = open_journal(state_dir, run, b->now_us, err);

	if (result == 0 && run->there == NULL)
		take_its_id(s, run);
	if (result == 0)
		result = write_start(s, run, b->start, b->name, b->now_us, err);
	if (result < 0)
		drop_journal(run);
	return result;
}

/* The journal goes elsewhere. The error says where, or that there is no place,
 * and keeps its code: the caller asked for another. */
static int
begin_elsewhere(const struct settings *s, struct run *run,
    const struct beginning *b, struct err *err)
{
	struct err why = *err, unseen = ERR_INIT;
	char *home = spare_state_home(&unseen);
	char *dir = home != NULL ? path_join(home, "itrack") : NULL;

	if (dir != NULL && begin_in(dir, s, run, b, &unseen) == 0) {
		err_set(err, why.code,
		    "%.600s; the journal is in %s instead: where something is "
		    "left behind, XDG_STATE_HOME=%s itrack sync delivers it",
		    why.message, dir, home);
	} else {
		run->blind = true;
		run_drop_place(run);
		err_set(
		    err, why.code, "nothing is tracked: %.600s", why.message);
	}
	free(dir);
	free(home);
	return why.code;
}

/* Whether the run that was asked for is there, and what the server calls a new
 * one, where it answers soon. What else is wrong there is told at the end. */
static int
ask_tracker(struct itrack_tracker *t, struct run *run, struct err *err)
{
	struct err why = ERR_INIT;
	int result = worker_open(t, run, ITS_ID_MS, &why);

	if (run->there != NULL && result < 0 && result != -ETIMEDOUT)
		return err_set(err, -ENOENT, "%s", why.message);
	if (run->there != NULL || run->its_id == NULL)
		return 0;
	free(run->label);
	run->label = run->id;
	run->id = xstrdup(run->its_id);
	return 0;
}

/* The first error, if there is one; the run has begun, as far as it can, if
 * run->blind or the journal says so. */
static int
begin(struct itrack_tracker *t, struct run *run, const struct beginning *b,
    struct err *err)
{
	const struct settings *s = &t->settings;
	bool anyhow = b->start->flags & ITRACK_ANYHOW;
	struct err late = ERR_INIT;
	int result = 0;

	if (s->kind->root != NULL)
		result = run_make_place(s, run, err);
	if (result < 0 && anyhow && result != -EINVAL) {
		run->blind = true;
		return err_prefix(err, "nothing is tracked");
	}
	if (result < 0)
		return result;
	result = begin_in(s->state_dir, s, run, b, err);
	if (result < 0 && anyhow)
		result = begin_elsewhere(s, run, b, err);
	if (run->journal == NULL)
		return result;
	if (run->open)
		worker_start(t, run, &late);
	else
		worker_begin(t, run, &late);
	if (late.code == 0 && run->place != NULL) {
		worker_flush(t, run, FIRST_WRITE_MS, NULL);
		run_unmark_place(run);
	} else if (late.code == 0 && s->kind->gives_id && result == 0 &&
	    !run->open) {
		result = ask_tracker(t, run, err);
	} else if (late.code < 0 && result == 0) {
		result = err_set(err, late.code,
		    anyhow ? "%.600s; the run waits for: itrack sync"
			   : "%.600s",
		    late.message);
	}
	return result;
}

/* The variable that names a run, for the first run of the program. */
static const char *
named_by_variable(const struct tracker_about *kind)
{
	static atomic_uint used;
	const char *value = NULL;

	for (size_t i = 0; i < kind->option_count; i++)
		if (strcmp(kind->options[i].name, kind->run_id_option) == 0)
			value = secure_getenv(kind->options[i].variable);
	if (value == NULL || value[0] == '\0')
		return NULL;
	for (unsigned i = 0; tracker_about_at(i) != NULL; i++)
		if (tracker_about_at(i) == kind &&
		    (atomic_fetch_or(&used, 1u << i) & 1u << i) != 0)
			return NULL;
	return value;
}

/* What the run is called, by us and in the tracker. */
static int
choose_ids(const struct settings *s, const struct start *start,
    const char *name, struct run *run, struct err *err)
{
	const struct tracker_about *kind = s->kind;
	bool own = start->run_id != NULL && start->run_id[0] != '\0' &&
	    !kind->iso_names;
	const char *there = NULL;

	if (kind->run_id_option != NULL)
		there = own ? start->run_id : named_by_variable(kind);
	run->id = own ? text_of_bytes(start->run_id) : xstrdup(name);
	if (there == NULL)
		return 0;
	if (kind->run_id_without != NULL &&
	    strpbrk(there, kind->run_id_without) != NULL)
		return err_set(err, -EINVAL,
		    "%s: a run ID has none of the characters %s: %.200s",
		    kind->name, kind->run_id_without, there);
	run->there = text_of_bytes(there);
	run->label = xstrdup(name);
	free(run->id);
	run->id = xstrdup(run->there);
	return 0;
}

int
run_begin(struct itrack_tracker *t, const struct start *start,
    struct run **begun, struct err *err)
{
	const struct settings *s = &t->settings;
	struct run *run = xcalloc(1, sizeof *run);
	int64_t now_us = clock_wall_us();
	char *name = choose_name(s, start->run_name, now_us);
	int result = choose_ids(s, start, name, run, err);

	run->link = -1;
	/* The parent can't end meanwhile, because we hold `control`. */
	run->parent = start->flags & ITRACK_NESTED ? t->run : NULL;
	if (run->parent != NULL && run->parent->blind)
		run->parent = NULL;
	run->open = start->flags & ITRACK_OPEN;
	if (result == 0)
		result = begin(
		    t, run, &(struct beginning){start, name, now_us}, err);
	free(name);
	if (result == 0 ||
	    (start->flags & ITRACK_ANYHOW &&
		(run->blind || run->journal != NULL)))
		*begun = run;
	else
		run_undo(run);
	return result;
}

int
run_begin_alone(
    const struct itrack_tracker *t, struct run **begun, struct err *err)
{
	struct run *run = xcalloc(1, sizeof *run);
	int64_t now_us = clock_wall_us();
	int result;

	*begun = run;
	run->link = -1;
	result = open_journal(t->settings.state_dir, run, now_us, err);
	if (result < 0)
		return result;
	return write_start(&t->settings, run, NULL, NULL, now_us, err);
}
