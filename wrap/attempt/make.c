/* Makes an attempt, or takes up one that was left behind, with its
 * deliveries, its watcher and its timers. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/file.h"
#include "base/log.h"
#include "base/path.h"
#include "format/text.h"
#include "mapping/names.h"
#include "wrap/attempt/followed.h"
#include "wrap/attempt/notify.h"
#include "wrap/attempt/private.h"
#include "wrap/attempt/retarget.h"
#include "wrap/attempt/start.h"
#include "wrap/attempt/stop_if.h"
#include "journal/health.h"

#define REMARKS_MAX_BYTES 4096

void
attempt_say(struct attempt *a, const struct err *err)
{
	if (strstr(a->remarks.data, err->message) == NULL)
		buf_addf(&a->remarks, "%s\n", err->message);
}

void
attempt_keep(struct attempt *a, struct entry *e)
{
	struct err err = ERR_INIT;

	if (e->kind == ENTRY_RUN_ID && a->run_id == NULL)
		a->run_id = xstrdup(e->run_id);
	if (journal_append(a->journal, e, &err) < 0)
		attempt_say(a, &err);
	entry_release(e);
}

static void
on_entry(struct entry *e, void *data)
{
	struct attempt *a = data;

	if (e->kind == ENTRY_PARAMS && e->params.config)
		attempt_note_config(a, attempt_is_batch(&e->params));
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
	attempt_keep(a, e);
}

static void
on_event(enum watcher_event event, void *data)
{
	struct attempt *a = data;

	if (event == WATCHER_REPLACED && a->config.replaced != NULL)
		a->config.replaced(a, a->config.data);
	if (event == WATCHER_COMPLETE && a->config.complete != NULL)
		a->config.complete(a, a->config.data);
}

int
attempt_keep_file(struct attempt *a, int number, int fd,
    struct settle_kept *kept, struct err *err)
{
	char *file = xasprintf("%s%d", JOURNAL_KEPT_PREFIX, number);
	int result = journal_keep_file(a->journal, file, fd, &kept->bytes, err);

	if (result < 0)
		free(file);
	else
		kept->name = file;
	return result;
}

/* Keeps a file. If an adopted journal has kept one already, that copy is what
 * the file was then. */
static int
on_keep(const char *name, int number, int fd, struct settle_kept *kept,
    struct err *err, void *data)
{
	struct attempt *a = data;

	if (attempt_past_has_artifact(&a->past, name))
		return -ENOTSUP;
	return attempt_keep_file(a, number, fd, kept, err);
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
		attempt_say(a, &err);
}

/* Does nothing: the next turn tries again. */
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
	a->hold = config->held ? HOLD_DELIVERIES : HOLD_NOTHING;
	a->run_dir = config->run_dir != NULL ? xstrdup(config->run_dir) : NULL;
	a->sync_timer = (struct loop_timer){.fire = on_sync_timer, .data = a};
	a->disk_timer = (struct loop_timer){.fire = on_disk_timer};
	buf_init(&a->remarks, REMARKS_MAX_BYTES);
	return a;
}

void
attempt_free(struct attempt *a)
{
	for (size_t i = 0; i < a->delivery_count; i++)
		delivery_free(a->deliveries[i]);
	free(a->deliveries);
	watcher_free(a->watcher);
	loop_timer_cancel(a->config.loop, &a->sync_timer);
	loop_timer_cancel(a->config.loop, &a->disk_timer);
	attempt_forget_rules(a);
	attempt_notify_free(a);
	journal_close(a->journal);
	if (a->start.start.attempt != NULL)
		entry_release(&a->start);
	attempt_past_release(&a->past);
	buf_release(&a->remarks);
	free(a->run_id);
	free(a->run_dir);
	free(a);
}

/* Makes the targets for this process: those of the journal, but an option given
 * now replaces the recorded value. */
static void
add_delivery(struct attempt *a, const struct target *target)
{
	const struct delivery_config config = {.loop = a->config.loop,
	    .journal = a->journal,
	    .start = &a->start.start,
	    .started_us = a->start.time_us,
	    .changed = on_settled,
	    .data = a};
	struct delivery *d = NULL;
	struct err err = ERR_INIT;

	if (delivery_new(&d, &config, target, &err) < 0) {
		err_prefix(&err, "%s", target->tracker);
		attempt_say(a, &err);
		return;
	}
	a->deliveries = xreallocarray(
	    a->deliveries, a->delivery_count + 1, sizeof(*a->deliveries));
	a->deliveries[a->delivery_count++] = d;
}

/* If the program chooses no trackers, it delivers to those of the journal. */
static void
add_retargeted(struct attempt *a)
{
	const struct entry_start *start = &a->start.start;

	for (size_t i = 0; i < start->target_len; i++) {
		struct target *target = NULL;
		struct err err = ERR_INIT;

		if (attempt_retarget(&target, a->journal, start, i,
			a->config.options, &err) < 0) {
			err_prefix(&err, "%s", start->targets[i].tracker);
			attempt_say(a, &err);
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
			if (strcmp(given[k].tracker, target->tracker) == 0 &&
			    given[k].destination == NULL) {
				if (target->destination != NULL)
					given[k].destination =
					    xstrdup(target->destination);
				target = &given[k];
			}
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
	return a->config.inotify != NULL &&
	    !watcher_stamp(a->run_dir, MANIFEST_FILE).there;
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
		.where = start->where,
		.where_len = start->where_len},
	    .artifacts = artifact_choice_of(start->artifacts),
	    .live = is_live(a),
	    .skip_entries = skip,
	    .configured = a->past.has_config,
	    .records = start->records != NULL,
	    .records_max = start->records_max,
	    .records_from = a->past.records_end,
	    .dir_fd = a->config.dir_fd,
	    .old_manifest = a->config.old_manifest,
	    .not_before = a->config.not_before,
	    .emit = on_entry,
	    .keep = on_keep,
	    .event = on_event,
	    .data = a,
	};
	int result;

	attempt_watch_rules(a, &config.derive);
	result = watcher_new(
	    &a->watcher, a->config.loop, a->config.inotify, &config, err);

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
	log_verbose("%s: a new attempt, of %s", name,
	    config->run_dir != NULL ? config->run_dir : "no run directory");
	a->journal = journal_create(config->state_dir, name, &why);
	if (journal_in_memory(a->journal)) {
		err_prefix(&why,
		    "no journal on disk, what is not delivered is lost%s",
		    why.code == -EROFS || why.code == -EACCES
			? " (XDG_STATE_HOME names another place)"
			: "");
		attempt_say(a, &why);
	}
	if (config->started_us > 0)
		now_us = config->started_us;
	else if (config->source == SOURCE_IMPORT)
		now_us = watcher_first_us(config->run_dir, now_us);
	attempt_make_start(&a->start, config, name, now_us);
	if (config->source != SOURCE_LIBRARY &&
	    attempt_path_leads(config, NULL) > 0)
		attempt_find_resumed(a);
	/* The entry goes through its text form, as the journal's readers will
	 * see it. */
	buf_init(&line, ENTRY_LINE_MAX);
	entry_encode(&a->start, &line);
	if (entry_decode(&copy, line.data, line.len - 1, err) < 0)
		die("a start entry that can't be read back");
	attempt_keep(a, &copy);
	/* Others see from now on that the directory is being tracked. An error
	 * comes again with the turn. */
	journal_flush(a->journal, NULL);
	buf_release(&line);
	result = config->source == SOURCE_LIBRARY ? 0 : add_watcher(a, 0, err);
	if (result < 0) {
		journal_remove(a->journal, NULL);
		attempt_free(a);
		return result;
	}
	add_deliveries(a);
	*attempt = a;
	return 0;
}

/* Are its records still there, and is the directory still its own? Returns 1, 0,
 * or a negative errno if it can't be gone on with now. */
static int
check_unended(const struct attempt *a, const char *name, struct err *err)
{
	const struct entry_start *start = &a->start.start;
	struct err why = ERR_INIT;
	int fits, followed = 0;

	if (start->open != NULL)
		return err_set(err, -EBUSY,
		    "%s: the run is open: itrack log --run %s --end", name,
		    start->open);
	if (a->config.inotify == NULL && journals_is_written(start))
		return err_set(
		    err, -EBUSY, "%s: its command is still at work", name);
	fits = attempt_past_fits(&a->past, a->run_dir, &why);
	if (fits < 0 && start->source == SOURCE_LIBRARY)
		return 0;
	if (fits > 0 && !journals_is_written(start))
		followed =
		    attempt_is_followed(a->config.state_dir, &a->start, &why);
	if (followed != 0)
		fits = followed < 0 ? followed : 0;
	return fits < 0
	    ? err_set(err, fits, "%s: pending: %s", name, why.message)
	    : fits;
}

bool
attempt_may_be_adopted_later(int result)
{
	return result != ATTEMPT_MISFIT && result != -EBUSY &&
	    journals_may_be_read_later(result);
}

static int
adopt(struct attempt **attempt, const struct attempt_config *config,
    const char *name, bool must_fit, struct err *err)
{
	struct attempt *a = alloc_attempt(config);
	int result = journal_adopt(config->state_dir, name, &a->journal, err);
	struct err why = ERR_INIT;
	int fits;

	if (result == 0)
		result = attempt_discard_delivered(a, err);
	if (result == 0)
		result =
		    attempt_past_read(&a->past, a->journal, &a->start, err);
	if (result < 0) {
		attempt_free(a);
		return result;
	}
	if (a->run_dir == NULL)
		a->run_dir = text_path_bytes(a->start.start.run_dir);
	fits = a->past.ended ? 0 : check_unended(a, name, err);
	if (fits > 0 && must_fit)
		fits = attempt_has_its_directory(&a->start, a->run_dir, err);
	if (fits >= 0 && must_fit && (fits == 0 || a->past.ended))
		fits =
		    err_set(err, ATTEMPT_MISFIT, "%s: of other records", name);
	if (fits < 0) {
		attempt_free(a);
		return fits;
	}
	log_verbose("%s: taken up again, of %s", name, a->run_dir);
	a->end = a->past.ended ? END_ADOPTED : END_OPEN;
	a->samples = a->past.samples;
	a->status = a->past.status;
	a->ended_us = a->past.ended_us;
	if (a->past.run_id != NULL)
		a->run_id = xstrdup(a->past.run_id);
	if (fits > 0 && a->start.start.source != SOURCE_LIBRARY) {
		result = add_watcher(a, a->past.derived_entries, &why);
		/* The directory may have gone since we looked at it. */
		if (file_is_absent(result))
			attempt_say(a, &why);
		else if (result < 0) {
			attempt_free(a);
			return err_set(
			    err, result, "%s: pending: %s", name, why.message);
		}
	}
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
