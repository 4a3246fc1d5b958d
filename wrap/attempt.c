#include "wrap/attempt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/log.h"
#include "base/path.h"
#include "base/process.h"
#include "format/text.h"
#include "wrap/attempt_past.h"
#include "wrap/attempt_retarget.h"
#include "wrap/attempt_start.h"
#include "wrap/attempt_table.h"

/* Data is on disk at least so often. */
#define SYNC_MS           1000
#define REMARKS_MAX_BYTES 4096
/* A disk that is full may have room again soon: so often it is asked before the
 * journal goes on in memory. */
#define DISK_RETRY_MS 1000
#define DISK_RETRIES  5

struct attempt {
	struct attempt_config config;
	char *run_dir; /* bytes */
	struct journal *journal;
	struct entry start;
	struct delivery **deliveries;
	size_t delivery_count;
	struct watcher *watcher;  /* NULL: only delivered */
	struct attempt_past past; /* what the journal had on adoption */
	char *run_id;
	bool ended;
	int64_t ended_us;
	enum run_status status;
	struct loop_timer sync_timer;
	struct loop_timer disk_timer; /* set while the disk refuses */
	int disk_refusals;
	struct buf remarks;
};

static void
say(struct attempt *a, const struct err *err)
{
	if (strstr(a->remarks.data, err->message) == NULL)
		buf_addf(&a->remarks, "%s\n", err->message);
}

static void
keep(struct attempt *a, struct entry *e)
{
	struct err err = ERR_INIT;

	if (e->kind == ENTRY_RUN_ID && a->run_id == NULL)
		a->run_id = xstrdup(e->run_id);
	if (journal_append(a->journal, e, &err) < 0)
		say(a, &err);
	entry_release(e);
}

static void
on_entry(struct entry *e, void *data)
{
	struct attempt *a = data;

	if (e->kind == ENTRY_ARTIFACT &&
	    attempt_past_has_artifact(&a->past, e->artifact.name)) {
		entry_release(e);
		return;
	}
	if (e->kind == ENTRY_METRICS && a->watcher != NULL) {
		const struct tail *tail = watcher_tail(a->watcher);

		e->metrics.records_bytes = tail->offset;
		e->metrics.records_crc32c = tail->crc;
	}
	keep(a, e);
}

static void
on_event(enum watcher_event event, void *data)
{
	struct attempt *a = data;

	if (event == WATCHER_REPLACED && a->config.replaced != NULL)
		a->config.replaced(a, a->config.data);
}

static void
on_settled(struct delivery *d, void *data)
{
	struct attempt *a = data;

	(void)d;
	if (a->config.settled != NULL)
		a->config.settled(a, a->config.data);
}

static void
on_sync_timer(struct loop_timer *timer)
{
	struct attempt *a = timer->data;
	struct err err = ERR_INIT;

	if (journal_sync(a->journal, &err) < 0)
		say(a, &err);
}

/* The turn that follows tries again. */
static void
on_disk_timer(struct loop_timer *timer)
{
	(void)timer;
}

static struct attempt *
alloc_attempt(const struct attempt_config *config)
{
	struct attempt *a = xcalloc(1, sizeof *a);

	a->config = *config;
	a->run_dir = config->run_dir != NULL ? xstrdup(config->run_dir) : NULL;
	a->sync_timer = (struct loop_timer){.fire = on_sync_timer, .data = a};
	a->disk_timer = (struct loop_timer){.fire = on_disk_timer};
	buf_init(&a->remarks, REMARKS_MAX_BYTES);
	return a;
}

static void
free_attempt(struct attempt *a)
{
	for (size_t i = 0; i < a->delivery_count; i++)
		delivery_free(a->deliveries[i]);
	free(a->deliveries);
	watcher_free(a->watcher);
	loop_timer_cancel(a->config.loop, &a->sync_timer);
	loop_timer_cancel(a->config.loop, &a->disk_timer);
	journal_close(a->journal);
	if (a->start.start.attempt != NULL)
		entry_release(&a->start);
	attempt_past_release(&a->past);
	buf_release(&a->remarks);
	free(a->run_id);
	free(a->run_dir);
	free(a);
}

/* The targets as this process may use them: those of the journal, with the
 * values of the options given now in place of what was recorded. */
static void
add_delivery(struct attempt *a, const struct target *target)
{
	struct delivery *d = NULL;
	struct err err = ERR_INIT;

	if (delivery_new(&d, a->config.loop, a->journal, &a->start.start,
		a->start.time_us, target, on_settled, a, &err) < 0) {
		err_prefix(&err, "%s", target->tracker);
		say(a, &err);
		return;
	}
	a->deliveries = xreallocarray(
	    a->deliveries, a->delivery_count + 1, sizeof(*a->deliveries));
	a->deliveries[a->delivery_count++] = d;
}

/* A program that chooses no trackers delivers to those of the journal. */
static void
add_retargeted(struct attempt *a)
{
	const struct entry_start *start = &a->start.start;

	for (size_t i = 0; i < start->target_len; i++) {
		struct target *target = NULL;
		struct err err = ERR_INIT;

		if (attempt_retarget(&target, a->journal, &start->targets[i],
			a->config.options, &err) < 0) {
			err_prefix(&err, "%s", start->targets[i].tracker);
			say(a, &err);
			continue;
		}
		add_delivery(a, target);
		attempt_free_targets(target, 1);
	}
}

static void
add_deliveries(struct attempt *a)
{
	const struct entry_start *start = &a->start.start;
	struct target *given;
	size_t given_len;

	if (a->config.record_only)
		return;
	if (!options_given(a->config.options, OPT_TRACK)) {
		add_retargeted(a);
		return;
	}
	given = attempt_make_targets(a->config.options, true, &given_len);
	for (size_t i = 0; i < start->target_len; i++) {
		const struct target *target = &start->targets[i];

		for (size_t k = 0; k < given_len; k++)
			if (strcmp(given[k].tracker, target->tracker) == 0)
				target = &given[k];
		add_delivery(a, target);
	}
	attempt_free_targets(given, given_len);
}

/* Does time pass while we look? A followed run that has its manifest already is
 * as good as imported: it takes its times from the files. */
static bool
is_live(const struct attempt *a)
{
	if (a->start.start.source == SOURCE_LIVE)
		return true;
	return a->config.tree != NULL &&
	    !watcher_stamp(a->run_dir, "manifest.json").there;
}

static int
add_watcher(struct attempt *a, uint64_t skip, struct err *err)
{
	const struct entry_start *start = &a->start.start;
	char *run_dir = text_path_text(a->run_dir);
	char *name = text_path_text(path_base(a->run_dir));
	struct watcher_config config = {
	    .path = a->run_dir,
	    .derive = {.run_dir = run_dir,
		.dir_name = name,
		.config_path = start->config_path,
		.prefix = start->prefix,
		.points = start->points,
		.resumed_from = start->resumed_from},
	    .artifacts = artifact_choice_of(start->artifacts),
	    .live = is_live(a),
	    .skip_entries = skip,
	    .emit = on_entry,
	    .event = on_event,
	    .data = a,
	};
	int result = watcher_new(
	    &a->watcher, a->config.loop, a->config.tree, &config, err);

	free(run_dir);
	free(name);
	return result;
}

int
attempt_new(struct attempt **attempt, const struct attempt_config *config,
    struct err *err)
{
	struct attempt *a = alloc_attempt(config);
	char name[ATTEMPT_SIZE];
	struct err why = ERR_INIT;
	int64_t now_us = clock_wall_us();
	struct entry copy;
	struct buf line;
	int result;

	journal_new_attempt(name, now_us);
	a->journal = journal_create(config->state_dir, name, &why);
	if (journal_in_memory(a->journal)) {
		err_prefix(
		    &why, "no journal on disk, what is not delivered is lost");
		say(a, &why);
	}
	if (config->source == SOURCE_IMPORT)
		now_us = attempt_past_start_us(config->run_dir, now_us);
	attempt_make_start(&a->start, config, name, now_us);
	a->start.start.resumed_from =
	    attempt_past_resumed_from(config->state_dir, config->run_dir,
		config->source == SOURCE_IMPORT);
	/* The journal's copy goes through its text, as it will be read. */
	buf_init(&line, ENTRY_LINE_MAX);
	entry_encode(&a->start, &line);
	if (entry_decode(&copy, line.data, line.len - 1, err) < 0)
		die("a start entry that can't be read back");
	keep(a, &copy);
	buf_release(&line);
	result = add_watcher(a, 0, err);
	if (result < 0) {
		journal_remove(a->journal, NULL);
		free_attempt(a);
		return result;
	}
	add_deliveries(a);
	*attempt = a;
	return 0;
}

static int
adopt(struct attempt **attempt, const struct attempt_config *config,
    const char *name, bool must_fit, struct err *err)
{
	struct attempt *a = alloc_attempt(config);
	int result = journal_adopt(config->state_dir, name, &a->journal, err);
	bool fits;

	if (result == 0)
		result =
		    attempt_past_read(&a->past, a->journal, &a->start, err);
	if (result < 0) {
		free_attempt(a);
		return result;
	}
	if (a->run_dir == NULL)
		a->run_dir = text_path_bytes(a->start.start.run_dir);
	fits = attempt_past_fits(&a->past, a->run_dir);
	if (must_fit && (!fits || a->past.ended)) {
		free_attempt(a);
		return err_set(err, -ESTALE, "%s: of other records", name);
	}
	a->ended = a->past.ended;
	a->status = a->past.status;
	a->ended_us = a->past.ended_us;
	if (a->past.run_id != NULL)
		a->run_id = xstrdup(a->past.run_id);
	if (!a->ended && fits && a->start.start.source != SOURCE_LIBRARY &&
	    add_watcher(a, a->past.derived_entries, err) < 0)
		a->watcher = NULL;
	add_deliveries(a);
	*attempt = a;
	return 0;
}

int
attempt_adopt(struct attempt **attempt, const struct attempt_config *config,
    const char *name, struct err *err)
{
	return adopt(attempt, config, name, false, err);
}

int
attempt_adopt_if_fits(struct attempt **attempt,
    const struct attempt_config *config, const char *name, struct err *err)
{
	return adopt(attempt, config, name, true, err);
}

void
attempt_scan(struct attempt *a)
{
	if (a->watcher != NULL && !a->ended)
		watcher_scan(a->watcher);
}

static void
flush(struct attempt *a)
{
	struct err err = ERR_INIT;

	if (journal_flush(a->journal, &err) == 0) {
		a->disk_refusals = 0;
		return;
	}
	say(a, &err);
	if (a->ended || a->disk_refusals >= DISK_RETRIES) {
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

	flush(a);
	if (journal_size(a->journal) == before)
		return;
	if (journal_needs_sync(a->journal) && !a->sync_timer.set)
		loop_timer_set(a->config.loop, &a->sync_timer, SYNC_MS);
	for (size_t i = 0; i < a->delivery_count; i++)
		delivery_kick(a->deliveries[i]);
}

static enum run_status
status_of(const struct attempt_outcome *outcome, bool manifest)
{
	if (outcome->has_exit && WIFSIGNALED(outcome->wait_status))
		return RUN_KILLED;
	if (outcome->has_exit && WEXITSTATUS(outcome->wait_status) != 0)
		return RUN_FAILED;
	if (manifest)
		return RUN_FINISHED;
	return outcome->command_killed ? RUN_KILLED : RUN_FAILED;
}

static void
keep_table(struct attempt *a, int64_t time_us)
{
	struct entry e;

	if (a->watcher != NULL && !a->past.has_table &&
	    derive_last_step(watcher_derive(a->watcher)) > 0 &&
	    attempt_make_table(&e, &a->start.start, time_us))
		keep(a, &e);
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
	if (outcome->has_exit && WIFEXITED(outcome->wait_status)) {
		e.end.has_exit_code = true;
		e.end.exit_code = WEXITSTATUS(outcome->wait_status);
	}
	if (outcome->has_exit && WIFSIGNALED(outcome->wait_status))
		e.end.exit_signal = WTERMSIG(outcome->wait_status);
	keep(a, &e);
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
	    .old_manifest = a->config.old_manifest,
	    .not_before = a->config.not_before,
	};
	int64_t time_us = clock_wall_us();
	bool manifest = false;

	if (a->ended)
		return;
	a->ended = true;
	if (outcome->has_exit && WIFEXITED(outcome->wait_status))
		end.finish.exit_code = WEXITSTATUS(outcome->wait_status);
	if (outcome->has_exit && WIFSIGNALED(outcome->wait_status))
		end.finish.exit_signal = WTERMSIG(outcome->wait_status);
	if (a->watcher != NULL) {
		manifest = watcher_end(a->watcher, &end);
		time_us = watcher_end_us(a->watcher);
		a->status = status_of(outcome, manifest);
	} else {
		/* The directory is another's by now, or gone. */
		a->status = RUN_KILLED;
	}
	a->ended_us = time_us;
	keep_table(a, time_us);
	keep_end(a, outcome, time_us);
	/* On disk within a second, or when it is closed: a sync takes so long
	 * that the messages of other runs would be lost meanwhile. */
	attempt_turn(a);
}

bool
attempt_is_ended(const struct attempt *a)
{
	return a->ended;
}

void
attempt_drain(struct attempt *a, int64_t ms)
{
	for (size_t i = 0; i < a->delivery_count; i++)
		delivery_drain(a->deliveries[i], ms);
}

bool
attempt_is_settled(const struct attempt *a)
{
	for (size_t i = 0; i < a->delivery_count; i++)
		if (!delivery_is_settled(a->deliveries[i]))
			return false;
	return true;
}

static bool
all_finished(const struct attempt *a, bool no_rejects)
{
	struct delivery_status status;

	for (size_t i = 0; i < a->delivery_count; i++) {
		delivery_status(a->deliveries[i], &status);
		if (status.state != DELIVERY_FINISHED ||
		    (no_rejects && status.rejected > 0))
			return false;
	}
	return a->ended && a->delivery_count == a->start.start.target_len;
}

bool
attempt_is_complete(const struct attempt *a)
{
	if (a->config.record_only)
		return a->ended && !journal_in_memory(a->journal);
	return all_finished(a, true);
}

void
attempt_close(struct attempt *a)
{
	struct err err = ERR_INIT;

	/* Without a line in the index the directory may be imported again, but
	 * a journal that stayed would be delivered twice. */
	if (all_finished(a, false) && !journal_in_memory(a->journal)) {
		attempt_past_index(a, &err);
		journal_remove(a->journal, NULL);
	} else {
		journal_sync(a->journal, NULL);
	}
	free_attempt(a);
}

const char *
attempt_run_dir(const struct attempt *a)
{
	return a->run_dir;
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

enum run_status
attempt_status(const struct attempt *a)
{
	return a->status;
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
