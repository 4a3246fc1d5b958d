/* Runs: how one begins, ends, and is waited for. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/process.h"
#include "format/text.h"
#include "itrack/handle.h"
#include "itrack/start_worker.h"
#include "base/git.h"

/* A longer wait is one without end. */
#define FLUSH_SECONDS_MAX 1e6

struct start {
	const char *run_name, *run_id;
	unsigned flags;
	char open_name[ATTEMPT_SIZE];
};

void
run_free(struct run *run)
{
	journal_close(run->journal);
	if (run->link >= 0)
		close(run->link);
	free(run->id);
	free(run->place);
	free(run->altered);
	free(run);
}

int
run_log_borrowed(struct run *run, const struct entry *e, struct err *err)
{
	/* Entries that an earlier call could not write go first; while that
	 * fails nothing is added, so that a full disk doesn't fill the
	 * memory. */
	int result = journal_flush(run->journal, err);

	/* After a full disk and an entry of megabytes the journal is in memory,
	 * which the worker can't read. */
	if (journal_in_memory(run->journal))
		return err_set(err, -ENOSPC,
		    "the journal was full: nothing more is tracked of %s",
		    run->id);
	if (result == 0)
		result = journal_append(run->journal, e, err);
	if (result == 0)
		result = journal_flush(run->journal, err);
	return result;
}

int
run_log(struct run *run, struct entry *e, struct err *err)
{
	int result = run_log_borrowed(run, e, err);

	entry_release(e);
	return result;
}

int64_t
run_step(struct run *run, int64_t given)
{
	int64_t next = run->next_step;

	if (given != ITRACK_STEP_AUTO)
		return given;
	if (next < INT64_MAX)
		run->next_step++;
	return next;
}

static void
copy_options(struct target *target, const struct settings *s, const char *place)
{
	size_t len = s->option_len + (place != NULL ? 1 : 0);

	target->options = xcalloc(len, sizeof *target->options);
	for (size_t i = 0; i < s->option_len; i++)
		target->options[target->option_len++] = (struct pair){
		    xstrdup(s->options[i].name), xstrdup(s->options[i].text)};
	if (place != NULL)
		target->options[target->option_len++] =
		    (struct pair){xstrdup(PLACE_OPTION), text_path_text(place)};
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
	copy_options(&start->targets[0], s, run->place);
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
	e.run_id = xstrdup(run->id);
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
    const struct settings *s, struct run *run, int64_t now_us, struct err *err)
{
	char attempt[ATTEMPT_SIZE];
	struct err why = ERR_INIT;

	journal_new_attempt(attempt, now_us);
	run->journal = journal_create(s->state_dir, attempt, &why);
	if (!journal_in_memory(run->journal))
		return 0;
	return err_set(err, why.code, "no journal: %s", why.message);
}

static void
undo(struct run *run)
{
	if (run->place != NULL)
		rmdir(run->place);
	if (run->journal != NULL)
		journal_remove(run->journal, NULL);
	run_free(run);
}

static int
begin_run(struct itrack_tracker *t, const struct start *start,
    struct run **begun, struct err *err)
{
	const struct settings *s = &t->settings;
	struct run *run = xcalloc(1, sizeof *run);
	int64_t now_us = clock_wall_us();
	char *name = choose_name(s, start->run_name, now_us);
	bool own_id = start->run_id != NULL && start->run_id[0] != '\0' &&
	    !s->kind->iso_names;
	int result;

	run->link = -1;
	/* The parent can't end meanwhile, because we hold `control`. */
	run->parent = start->flags & ITRACK_NESTED ? t->run : NULL;
	run->id = own_id ? text_of_bytes(start->run_id) : xstrdup(name);
	run->open = start->flags & ITRACK_OPEN;
	result = open_journal(s, run, now_us, err);
	if (result == 0 && s->kind->root != NULL)
		result = run_make_place(s, run, err);
	if (result == 0)
		result = write_start(s, run, start, name, now_us, err);
	if (result == 0)
		result = worker_start(t, run, err);
	free(name);
	if (result == 0) {
		*begun = run;
		return 0;
	}
	undo(run);
	return result;
}

static int
write_end(struct run *run, enum run_status status, struct err *err)
{
	struct entry e;

	entry_init(&e, ENTRY_END, clock_wall_us());
	e.end.status = status;
	e.end.last_step = run->next_step;
	return run_log(run, &e, err);
}

/* Takes the active run off the handle. */
static struct run *
take_run(struct itrack_tracker *t)
{
	struct run *run;

	handle_lock(t);
	run = t->run;
	if (run != NULL)
		t->run = run->outer;
	handle_unlock(t);
	return run;
}

static int
end_run(struct itrack_tracker *t, enum run_status status, struct err *err)
{
	struct run *run = take_run(t);
	int result;

	if (run == NULL)
		return 0;
	result = write_end(run, status, err);
	if (result == 0)
		result = worker_settle(
		    t, run, (int64_t)(t->settings.drain_seconds * 1000), err);
	handle_lock(t);
	free(t->altered);
	t->altered = run->altered;
	run->altered = NULL;
	handle_unlock(t);
	run_free(run);
	return result;
}

int
run_alone(const struct itrack_tracker *t,
    int (*log)(struct run *run, const void *arguments, struct err *err),
    const void *arguments, struct err *err)
{
	struct run *run = xcalloc(1, sizeof *run);
	int64_t now_us = clock_wall_us();
	int result;

	run->link = -1;
	result = open_journal(&t->settings, run, now_us, err);
	if (result == 0)
		result =
		    write_start(&t->settings, run, NULL, NULL, now_us, err);
	if (result == 0)
		result = log(run, arguments, err);
	if (result == 0)
		result = write_end(run, RUN_FINISHED, err);
	if (result == 0)
		result = worker_start(t, run, err);
	if (result < 0) {
		undo(run);
		return result;
	}
	result = worker_settle(
	    t, run, (int64_t)(t->settings.drain_seconds * 1000), err);
	run_free(run);
	return result;
}

void
run_abandon_all(struct itrack_tracker *t)
{
	/* In the child of a fork the lock may be held by a thread that does not
	 * exist there, and the journal belongs to the parent. */
	bool ours = t->owner == getpid();
	struct run *run;

	while ((run = ours ? take_run(t) : t->run) != NULL) {
		if (ours && run->open)
			worker_wake(t, run);
		else if (ours)
			write_end(run, RUN_KILLED, NULL);
		else
			t->run = run->outer;
		run_free(run);
	}
}

static int
start_body(struct itrack_tracker *t, const void *arguments, struct err *err)
{
	const struct start *start = arguments;
	struct run *run = NULL;
	int result;

	/* The runs that end here are delivered independently, so we don't
	 * wait. */
	while (!(start->flags & ITRACK_NESTED) && t->run != NULL)
		end_run(t, RUN_FINISHED, NULL);
	result = begin_run(t, start, &run, err);
	if (run == NULL)
		return result;
	handle_lock(t);
	run->outer = t->run;
	t->run = run;
	free(t->run_id);
	t->run_id = xstrdup(run->id);
	if (run->open) {
		free(t->open_name);
		t->open_name = xstrdup(start->open_name);
	}
	if (t->settings.log_code && t->settings.log_artifacts)
		result = run_log_code(t, err);
	handle_unlock(t);
	return result;
}

int
itrack_start_run(struct itrack_tracker *t, const char *run_name,
    const char *run_id, unsigned flags, struct itrack_error *err)
{
	struct start start = {run_name, run_id, flags, ""};

	if (flags & ITRACK_OPEN)
		journal_new_attempt(start.open_name, clock_wall_us());
	if (flags & ~(ITRACK_NESTED | ITRACK_OPEN))
		return handle_refuse(err, -EINVAL, "unknown flags");
	return handle_call(t, HANDLE_CONTROL, start_body, &start, err);
}

static int
end_body(struct itrack_tracker *t, const void *arguments, struct err *err)
{
	const enum run_status *status = arguments;

	return end_run(t, *status, err);
}

int
itrack_end_run(
    struct itrack_tracker *t, const char *status, struct itrack_error *err)
{
	static const enum run_status all[] = {
	    RUN_FINISHED, RUN_FAILED, RUN_KILLED};

	for (size_t i = 0; status != NULL && i < sizeof all / sizeof *all; i++)
		if (strcmp(run_status_name(all[i]), status) == 0)
			return handle_call(
			    t, HANDLE_CONTROL, end_body, &all[i], err);
	return handle_refuse(
	    err, -EINVAL, "the status is finished, failed or killed");
}

static int
flush_body(struct itrack_tracker *t, const void *arguments, struct err *err)
{
	const double *seconds = arguments;
	struct run *run;
	int result = 0;

	handle_lock(t);
	run = t->run;
	if (run != NULL)
		result = journal_flush(run->journal, err);
	handle_unlock(t);
	if (run == NULL)
		return handle_no_run(err);
	/* The run can't end meanwhile, because we hold `control`. */
	if (result == 0)
		result = worker_flush(t, run, (int64_t)(*seconds * 1000), err);
	return result;
}

int
itrack_flush(struct itrack_tracker *t, double seconds, struct itrack_error *err)
{
	if (!(seconds >= 0))
		return handle_refuse(
		    err, -EINVAL, "the seconds are less than 0");
	if (seconds > FLUSH_SECONDS_MAX)
		seconds = FLUSH_SECONDS_MAX;
	return handle_call(t, HANDLE_CONTROL, flush_body, &seconds, err);
}
