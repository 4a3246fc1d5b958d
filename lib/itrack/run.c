/* Runs: what is logged to one, how one ends (when it is told to, or another begins)
 * and is waited for. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "itrack/handle.h"
#include "itrack/run_begin.h"
#include "itrack/ask_worker.h"
#include "itrack/start_worker.h"

/* A longer wait is one without end. */
#define FLUSH_SECONDS_MAX 1e6

struct end {
	enum run_status status;
	const char *word; /* the caller's; NULL: the status is */
};

void
run_free(struct run *run)
{
	journal_close(run->journal);
	worker_drop_link(run);
	free(run->state_dir);
	free(run->id);
	free(run->label);
	free(run->there);
	free(run->place);
	free(run->altered);
	free(run->refused);
	free(run->its_id);
	free(run);
}

int
run_log_borrowed(struct run *run, const struct entry *e, struct err *err)
{
	int result;

	if (run->blind)
		return 0;
	/* Entries that an earlier call could not write go first; while that
	 * fails nothing is added, so that a full disk doesn't fill the
	 * memory. */
	result = journal_flush(run->journal, err);
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

static int
write_end(struct run *run, const struct end *end, struct err *err)
{
	struct entry e;

	entry_init(&e, ENTRY_END, clock_wall_us());
	e.end.status = end->status;
	if (end->word != NULL)
		e.end.word = text_of_bytes(end->word);
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
end_run(struct itrack_tracker *t, const struct end *end, struct err *err)
{
	struct run *run = take_run(t);
	int result;

	if (run == NULL)
		return 0;
	result = write_end(run, end, err);
	if (result == 0)
		result = worker_settle(
		    t, run, (int64_t)(t->settings.drain_seconds * 1000), err);
	handle_lock(t);
	free(t->altered);
	t->altered = run->altered;
	run->altered = NULL;
	free(t->refused);
	t->refused = run->refused;
	run->refused = NULL;
	handle_unlock(t);
	run_free(run);
	return result;
}

int
run_alone(const struct itrack_tracker *t,
    int (*log)(struct run *run, const void *arguments, struct err *err),
    const void *arguments, struct err *err)
{
	struct run *run;
	int result = run_begin_alone(t, &run, err);

	if (result == 0)
		result = log(run, arguments, err);
	if (result == 0)
		result = write_end(run, &(struct end){RUN_FINISHED, NULL}, err);
	if (result == 0)
		result = worker_start(t, run, err);
	if (result < 0) {
		run_undo(run);
		return result;
	}
	result = worker_settle(
	    t, run, (int64_t)(t->settings.drain_seconds * 1000), err);
	run_free(run);
	return result;
}

bool
run_let_go(struct itrack_tracker *t)
{
	/* In the child of a fork the lock may be held by a thread that does not
	 * exist there, and the journal belongs to the parent. */
	bool ours = t->owner == getpid();
	struct run *run;

	while ((run = t->run) != NULL) {
		if (ours && !run->open)
			return true;
		if (ours)
			worker_wake(t, run);
		t->run = run->outer;
		run_free(run);
	}
	return false;
}

static int
write_ends(struct itrack_tracker *t, const void *arguments, struct err *err)
{
	const enum run_status *status = arguments;

	(void)err;
	handle_lock(t);
	for (struct run *run = t->run; run != NULL; run = run->outer)
		if (!run->open)
			write_end(run, &(struct end){*status, NULL}, NULL);
	handle_unlock(t);
	return 0;
}

void
run_write_ends(struct itrack_tracker *t, enum run_status status)
{
	handle_call_at_exit(t, false, write_ends, &status);
}

static int
wait_for_all(struct itrack_tracker *t, const void *arguments, struct err *err)
{
	const int64_t *waited_ms = arguments;
	int64_t left_ms =
	    (int64_t)(t->settings.drain_seconds * 1000) - *waited_ms;
	int64_t due_ms = clock_mono_ms() + left_ms;
	struct run *run;

	(void)err;
	while ((run = take_run(t)) != NULL) {
		left_ms = due_ms - clock_mono_ms();
		if (run->open)
			worker_wake(t, run);
		else if (left_ms > 0)
			worker_settle(t, run, left_ms, NULL);
		run_free(run);
	}
	return 0;
}

void
run_wait_at_exit(struct itrack_tracker *t, int64_t waited_ms)
{
	handle_call_at_exit(t, true, wait_for_all, &waited_ms);
}

static int
start_body(struct itrack_tracker *t, const void *arguments, struct err *err)
{
	const struct start *start = arguments;
	struct err late = ERR_INIT;
	struct run *run = NULL;
	int result;

	/* The runs that end here are delivered independently, so we don't
	 * wait. */
	while (!(start->flags & ITRACK_NESTED) && t->run != NULL)
		end_run(t, &(struct end){RUN_FINISHED, NULL}, NULL);
	result = run_begin(t, start, &run, err);
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
	if (t->settings.log_code && t->settings.log_artifacts && !run->blind &&
	    run_log_code(t, &late) < 0 && result == 0)
		result = err_set(err, late.code, "%s", late.message);
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
	if (flags & ~(ITRACK_NESTED | ITRACK_OPEN | ITRACK_ANYHOW))
		return handle_refuse(err, -EINVAL, "unknown flags");
	return handle_call(t, HANDLE_CONTROL, start_body, &start, err);
}

static int
end_body(struct itrack_tracker *t, const void *arguments, struct err *err)
{
	return end_run(t, arguments, err);
}

int
itrack_end_run(
    struct itrack_tracker *t, const char *status, struct itrack_error *err)
{
	static const enum run_status all[] = {
	    RUN_FINISHED, RUN_FAILED, RUN_KILLED};
	struct end end = {RUN_FAILED, status};

	if (status == NULL || status[0] == '\0')
		return handle_refuse(err, -EINVAL,
		    "the status is empty: finished, failed or killed");
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (strcmp(run_status_name(all[i]), status) == 0)
			end = (struct end){all[i], NULL};
	return handle_call(t, HANDLE_CONTROL, end_body, &end, err);
}

static int
flush_body(struct itrack_tracker *t, const void *arguments, struct err *err)
{
	const double *seconds = arguments;
	struct run *run;
	int result = 0;

	handle_lock(t);
	run = t->run;
	if (run != NULL && !run->blind)
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
