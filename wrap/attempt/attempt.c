#include "wrap/attempt/attempt.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/log.h"
#include "wrap/attempt/private.h"
#include "wrap/attempt/end_status.h"
#include "wrap/attempt/notify.h"
#include "wrap/attempt/output_file.h"
#include "wrap/attempt/stdout_line.h"
#include "wrap/attempt/stop_if.h"

/* Data is on the disk after this time at the latest. */
#define SYNC_MS 1000
/* How often a full disk is tried again before the journal goes on in memory. */
#define DISK_RETRY_MS 1000
#define DISK_RETRIES  5

void
attempt_scan(struct attempt *a)
{
	if (a->watcher != NULL && a->end == END_OPEN)
		watcher_scan(a->watcher);
}

void
attempt_take_file(struct attempt *a, const char *name, int fd)
{
	if (a->watcher != NULL && a->end == END_OPEN)
		watcher_take_file(a->watcher, name, fd);
}

bool
attempt_has_manifest(const struct attempt *a)
{
	return a->watcher != NULL && watcher_is_complete(a->watcher);
}

static void
flush(struct attempt *a)
{
	struct err err = ERR_INIT;

	if (journal_flush(a->journal, &err) == 0) {
		a->disk_refusals = 0;
		return;
	}
	attempt_say(a, &err);
	if (a->end != END_OPEN || a->disk_refusals >= DISK_RETRIES) {
		journal_leave_disk(a->journal);
		journal_flush(a->journal, NULL);
	} else if (!a->disk_timer.set) {
		a->disk_refusals++;
		loop_timer_set(a->config.loop, &a->disk_timer, DISK_RETRY_MS);
	}
}

void
attempt_turn(struct attempt *a)
{
	int64_t before = journal_size(a->journal);

	if (a->hold == HOLD_ALL)
		return;
	flush(a);
	attempt_notify_turn(a);
	if (journal_size(a->journal) == before)
		return;
	if (journal_needs_sync(a->journal) && !a->sync_timer.set)
		loop_timer_set(a->config.loop, &a->sync_timer, SYNC_MS);
	for (size_t i = 0; a->hold == HOLD_NOTHING && i < a->delivery_count;
	     i++)
		delivery_kick(a->deliveries[i]);
}

/* Logs the numbers at the last step, under names that no metric of the run can
 * have. */
static void
keep_numbers(
    struct attempt *a, const struct attempt_outcome *outcome, int64_t time_us)
{
	struct entry e;

	if (outcome->line == NULL || a->watcher == NULL || a->past.has_numbers)
		return;
	entry_init(&e, ENTRY_METRICS, time_us);
	e.metrics.step = derive_last_step(watcher_derive(a->watcher));
	e.metrics.summary = true;
	e.metrics.records_bytes = watcher_tail(a->watcher)->offset;
	e.metrics.records_crc32c = watcher_tail(a->watcher)->crc;
	if (lastline_read(
		outcome->line, outcome->line_len, ATTEMPT_LINE_PREFIX, &e) > 0)
		attempt_keep(a, &e);
	else
		entry_release(&e);
}

static void
keep_end(
    struct attempt *a, const struct attempt_outcome *outcome, int64_t time_us)
{
	struct entry e;

	entry_init(&e, ENTRY_END, time_us);
	e.end.status = a->status;
	e.end.last_step = a->watcher != NULL
	    ? derive_last_step(watcher_derive(a->watcher))
	    : a->past.last_step;
	if (outcome->has_exit && WIFEXITED(outcome->wait_status))
		e.end.exit_code = WEXITSTATUS(outcome->wait_status);
	if (outcome->has_exit && WIFSIGNALED(outcome->wait_status))
		e.end.exit_signal = WTERMSIG(outcome->wait_status);
	attempt_name_targets(a, &e.end);
	attempt_keep(a, &e);
}

/* Gives the journal no end, because who looks again may find the run whole. */
static void
leave(struct attempt *a)
{
	a->end = END_LEFT;
	a->status = RUN_FAILED;
	attempt_turn(a);
	if (a->config.settled != NULL)
		a->config.settled(a, a->config.data);
}

void
attempt_find_resumed(struct attempt *a)
{
	struct entry_start *start = &a->start.start;
	bool import = start->source == SOURCE_IMPORT;
	struct err why = ERR_INIT;

	/* An import is as old as its files. */
	if (attempt_past_resumed_from(a->config.state_dir, a->run_dir,
		import ? INT64_MAX : a->start.time_us, import,
		&start->resumed_from, &why) == 0)
		return;
	err_prefix(
	    &why, "whether it goes on with an earlier attempt is not known");
	attempt_say(a, &why);
}

void
attempt_end(struct attempt *a, const struct attempt_outcome *outcome)
{
	struct watcher_end end = {
	    .finish = {.has_exit = outcome->has_exit,
		.has_usage = outcome->has_usage,
		.usage = outcome->usage,
		.has_wall = outcome->has_wall,
		.wall_seconds = outcome->wall_seconds},
	    .superseded = outcome->superseded,
	};
	int64_t time_us = clock_wall_us();
	bool manifest = false;

	if (a->end != END_OPEN)
		return;
	a->end = END_OURS;
	log_verbose(
	    "%s: the run has ended; its last records and files are read",
	    attempt_name(a));
	if (outcome->has_exit && WIFEXITED(outcome->wait_status))
		end.finish.exit_code = WEXITSTATUS(outcome->wait_status);
	if (outcome->has_exit && WIFSIGNALED(outcome->wait_status))
		end.finish.exit_signal = WTERMSIG(outcome->wait_status);
	if (a->watcher != NULL) {
		/* Who resumes a run may have been writing its records again
		 * when we first looked. */
		if (a->start.start.source == SOURCE_LIVE &&
		    a->start.start.resumed_from == NULL)
			attempt_find_resumed(a);
		end.finish.resumed_from = a->start.start.resumed_from;
		manifest = watcher_end(a->watcher, &end);
		if (watcher_is_unread(a->watcher)) {
			leave(a);
			return;
		}
		time_us = watcher_end_us(a->watcher);
		a->status = end_status(outcome, manifest,
		    outcome->stopped ||
			(a->stop_reason != NULL && !outcome->has_exit));
		attempt_say_rules(a);
	} else if (a->start.start.source == SOURCE_LIBRARY &&
	    outcome->has_exit) {
		a->status = end_status(outcome, true, false);
		a->past.last_step = 1;
	} else {
		/* The directory belongs to another run by now, or is gone. */
		a->status = RUN_KILLED;
	}
	a->ended_us = time_us;
	attempt_keep_last_sample(a, outcome, time_us);
	attempt_keep_output_file(a, time_us);
	keep_numbers(a, outcome, time_us);
	keep_end(a, outcome, time_us);
	/* The end is on the disk within a second, or when the attempt is
	 * closed: a sync now would take so long that messages of other runs
	 * were lost. */
	attempt_turn(a);
	/* One that is held may be a copy, of which nobody is told. */
	if (a->hold == HOLD_NOTHING)
		attempt_notify(a);
}

const struct watcher_stamp *
attempt_old_manifest(const struct attempt *a)
{
	return &a->config.old_manifest;
}

bool
attempt_is_ended(const struct attempt *a)
{
	return a->end != END_OPEN;
}

void
attempt_drain(struct attempt *a, int64_t ms)
{
	for (size_t i = 0; i < a->delivery_count; i++)
		delivery_drain(a->deliveries[i], ms);
	attempt_notify_until(a, ms);
}

void
attempt_let_go(struct attempt *a)
{
	if (a->hold == HOLD_NOTHING)
		return;
	a->hold = HOLD_NOTHING;
	if (a->end == END_OURS)
		attempt_notify(a);
	for (size_t i = 0; i < a->delivery_count; i++)
		delivery_kick(a->deliveries[i]);
}

void
attempt_drop(struct attempt *a)
{
	journal_remove(a->journal, NULL);
	attempt_free(a);
}

bool
attempt_is_left(const struct attempt *a)
{
	return a->end == END_LEFT;
}

bool
attempt_is_settled(const struct attempt *a)
{
	if (a->end == END_LEFT)
		return true;
	if (!attempt_has_notified(a))
		return false;
	for (size_t i = 0; i < a->delivery_count; i++)
		if (!delivery_is_settled(a->deliveries[i]))
			return false;
	return true;
}

void
attempt_close(struct attempt *a)
{
	attempt_free(a);
}

const char *
attempt_run_dir(const struct attempt *a)
{
	return a->run_dir;
}

char *
attempt_place(const struct attempt *a)
{
	const char *place =
	    a->watcher != NULL ? watcher_end_place(a->watcher) : NULL;

	return xstrdup(place != NULL ? place : a->start.start.run_dir);
}

const char *
attempt_name(const struct attempt *a)
{
	return journal_attempt(a->journal);
}

const struct entry_start *
attempt_start(const struct attempt *a)
{
	return &a->start.start;
}

const char *
attempt_run_id(const struct attempt *a)
{
	return a->run_id;
}

const char *
attempt_stop_reason(const struct attempt *a)
{
	return a->stop_reason;
}

enum run_status
attempt_status(const struct attempt *a)
{
	return a->status;
}

int64_t
attempt_start_us(const struct attempt *a)
{
	return a->start.time_us;
}

const struct watcher *
attempt_watcher(const struct attempt *a)
{
	return a->watcher;
}

size_t
attempt_delivery_count(const struct attempt *a)
{
	return a->delivery_count;
}

void
attempt_delivery_status(
    const struct attempt *a, size_t i, struct delivery_status *status)
{
	delivery_status(a->deliveries[i], status);
}

uint64_t
attempt_pending(const struct attempt *a, const char *tracker)
{
	struct delivery_status status;

	for (size_t i = 0; i < a->delivery_count; i++) {
		delivery_status(a->deliveries[i], &status);
		if (strcmp(status.tracker, tracker) == 0 &&
		    !delivery_is_settled(a->deliveries[i]))
			return status.pending;
	}
	return 0;
}

bool
attempt_in_memory(const struct attempt *a)
{
	return journal_in_memory(a->journal);
}

bool
attempt_is_cut(const struct attempt *a)
{
	return journal_is_cut(a->journal);
}

const char *
attempt_remarks(const struct attempt *a)
{
	return a->remarks.data;
}

void
attempt_index_facts(const struct attempt *a, struct attempt_index_facts *facts)
{
	*facts = (struct attempt_index_facts){
	    .state_dir = a->config.state_dir,
	    .started_us = a->start.time_us,
	    .ended_us = a->ended_us,
	    .records_bytes = a->past.records_bytes,
	    .records_crc32c = a->past.records_crc32c,
	};
	if (a->watcher != NULL) {
		facts->records_bytes = watcher_tail(a->watcher)->offset;
		facts->records_crc32c = watcher_tail(a->watcher)->crc;
	}
}
