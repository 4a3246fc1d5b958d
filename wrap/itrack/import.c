/* itrack import: tracks run directories that exist already. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/path.h"
#include "mapping/names.h"
#include "journal/index.h"
#include "journal/pending_of.h"
#include "watcher/records.h"
#include "wrap/attempt/attempt.h"
#include "wrap/attempt/start.h"
#include "wrap/itrack/command.h"
#include "wrap/itrack/deliver.h"
#include "wrap/itrack/import.h"
#include "journal/begin_lock.h"
#include "journal/state_dir.h"
#include "wrap/attempt/report_json.h"
#include "wrap/attempt/already_tracked.h"

/* What is seen among the pending may be delivered by the time it is taken; then
 * the second look finds it in the index. */
#define LOOKS_MAX 3

/* So long a worker may take from the first file of a run to its attempt; it looks
 * at a directory of this age again and again. */
#define FRESH_MS 2000
#define LOOK_MS  10

/* So long an import waits, in all, for others that read their runs to the end; a
 * watch takes as long as the run. */
#define READ_WAIT_MS 5000

/* Is it a run directory whose records can be read? Says why not. */
static int
check_directory(const char *dir, struct err *err)
{
	static const char *const names[] = {
	    RECORDS_FILE, RECORDS_FILE ".gz", MARKER_FILE, MANIFEST_FILE};
	struct watcher_identity identity;

	if (watcher_identify(dir, &identity, err) < 0)
		return err->code;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct watcher_stamp stamp = watcher_stamp(dir, names[i]);

		if (stamp.there)
			return records_probe(dir, err);
		if (stamp.code < 0)
			return err_set(err, stamp.code, "%s/%s: %s", dir,
			    names[i], strerror(-stamp.code));
	}
	return err_set(err, -ENOENT,
	    "%s: not a run directory (no records.jsonl, no manifest.json)",
	    dir);
}

/* What our local and TensorBoard trackers and insideLLMs' own make beside the
 * runs: `import runs/` followed by a star names it too. */
static bool
is_tracking_output(const char *dir)
{
	struct watcher_stamp records = watcher_stamp(dir, RECORDS_FILE);
	struct watcher_stamp marker = watcher_stamp(dir, MARKER_FILE);

	return strcmp(path_base(dir), "tracking") == 0 && !records.there &&
	    !marker.there && records.code == 0 && marker.code == 0;
}

/* Another process is at work on the directory: it brings the run to all the
 * targets, or nobody knows yet what the run comes to. */
static bool
is_busy(const struct tracked *t)
{
	return t->pending != NULL && t->pending_live &&
	    (t->count == t->len || t->pending_unended);
}

static void
leave_alone(struct import *im, const char *dir, const struct tracked *t,
    const struct target *targets)
{
	im->busy = true;
	if (im->watches)
		return;
	report_say(&im->report, "%s: attempt %s is at work on it: left alone",
	    dir, t->pending);
	for (size_t i = 0; i < t->len; i++) {
		if (t->has[i])
			continue;
		report_say(&im->report,
		    "%s: %s: not imported, since that attempt goes elsewhere: "
		    "import it again when the run is over",
		    dir, targets[i].tracker);
		im->failed = true;
	}
}

static void
say_tracked(struct import *im, const char *dir, const struct tracked *t,
    const struct target *targets)
{
	im->tracked++;
	for (size_t i = 0; !im->report.brief && !im->watches && i < t->len; i++)
		report_say(&im->report,
		    "%s: already tracked by %s (%s); --again tracks it anew",
		    dir, targets[i].tracker, t->places[i]);
}

/* What is begun while we have the directory's turn. */
struct begun {
	struct attempt *attempts[2]; /* one that was left behind, a new one */
	size_t len;
};

/* A new attempt, or the one of that name that was left behind. -ENOENT: it was
 * delivered just now. */
static int
start(struct import *im, const struct attempt_config *config,
    const char *pending, struct begun *begun)
{
	struct attempt *a = NULL;
	struct err err = ERR_INIT;
	int result = pending != NULL ? attempt_adopt(&a, config, pending, &err)
				     : attempt_new(&a, config, &err);

	if (result == 0)
		begun->attempts[begun->len++] = a;
	else if (pending == NULL || result != -ENOENT)
		report_say(&im->report, "%s", err.message);
	if (result < 0 && result != -EBUSY && result != -ENOENT)
		im->failed = true;
	return result;
}

/* Begins what is missing: goes on with an attempt that was left behind, and
 * makes one for the targets that neither that one nor another process has. 0, or
 * -ENOENT: what was left behind was delivered just now. */
static int
begin_missing(struct import *im, const struct attempt_config *config,
    const struct tracked *t, struct begun *begun)
{
	if (t->pending != NULL && !t->pending_live &&
	    start(im, config, t->pending, begun) == -ENOENT)
		return -ENOENT;
	if (t->count < t->len)
		start(im, config, NULL, begun);
	return 0;
}

/* Looks what there is of the directory, and begins what is missing. -ENOENT: what
 * was seen is gone, look again; -EBUSY: another import reads the run now, look
 * again when it has (`waits`: we have the time). */
static int
look_and_begin(struct import *im, struct attempt_config *config,
    const struct target *targets, size_t target_len, bool waits,
    struct begun *begun)
{
	const char *dir = config->run_dir;
	bool again = options_given(im->options, OPT_AGAIN);
	struct tracked t;
	int result = 0;

	config->targets = targets;
	config->target_len = target_len;
	if (again) {
		start(im, config, NULL, begun);
		return 0;
	}
	tracked_find(&t, im->state_dir, dir, targets, target_len);
	config->leave_out = t.has;
	if (t.failed.code < 0) {
		report_say(&im->report,
		    "%s: not imported, since what is tracked already could not "
		    "be looked at: %s",
		    dir, t.failed.message);
		im->failed = true;
	} else if (is_busy(&t) && waits && t.count < t.len &&
	    t.pending_watched) {
		result = -EBUSY;
	} else if (is_busy(&t)) {
		leave_alone(im, dir, &t, targets);
	} else if (t.pending == NULL && t.count == t.len) {
		say_tracked(im, dir, &t, targets);
	} else {
		result = begin_missing(im, config, &t, begun);
	}
	tracked_release(&t);
	config->leave_out = NULL;
	return result;
}

static bool
is_pending(const char *state_dir, const char *dir)
{
	struct tracked tracked;
	bool pending;

	tracked_find(&tracked, state_dir, dir, NULL, 0);
	pending = tracked.pending != NULL;
	tracked_release(&tracked);
	return pending;
}

/* A directory of this moment may be one that a command writes just now, and its
 * worker is about to begin: then it is the worker's. */
static bool
may_be_begun(const char *state_dir, const char *dir)
{
	struct stat st;
	int64_t age_ms;

	if (stat(dir, &st) < 0)
		return false;
	age_ms = clock_wall_us() / 1000 - clock_ns(&st.st_ctim) / 1000000;
	return age_ms > -FRESH_MS && age_ms < FRESH_MS &&
	    (!watcher_stamp(dir, MANIFEST_FILE).there ||
		begin_lock_is_announced(state_dir));
}

bool
import_has_to_wait(const char *state_dir, const char *dir, int64_t since_ms)
{
	return state_dir != NULL && may_be_begun(state_dir, dir) &&
	    clock_mono_ms() - since_ms < IMPORT_WAIT_MS &&
	    !is_pending(state_dir, dir);
}

static void
wait_for_worker(const char *state_dir, const char *dir)
{
	int64_t since_ms = clock_mono_ms();

	while (import_has_to_wait(state_dir, dir, since_ms))
		poll(NULL, 0, LOOK_MS);
}

/* Others may be about to begin with the same directory. */
static void
begin_in_turn(struct import *im, struct attempt_config *config,
    const struct target *targets, size_t target_len, struct begun *begun)
{
	struct watcher_identity identity = {0};
	struct err err = ERR_INIT;
	int turn, looks = 0, result = 0;
	bool waits;

	if (!im->watches)
		wait_for_worker(im->state_dir, config->run_dir);
	watcher_identify(config->run_dir, &identity, NULL);
	do {
		/* The other may wait for what we have read and kept. */
		if (result == -EBUSY) {
			deliver_empty(im->deliver);
			poll(NULL, 0, LOOK_MS);
			im->waited_ms += LOOK_MS;
		}
		waits = !im->watches && im->waited_ms < READ_WAIT_MS &&
		    !deliver_is_stopped(im->deliver);
		turn = begin_lock_take(im->state_dir, (int64_t)identity.inode,
		    BEGIN_LOCK_WAIT_MS, &err);
		if (turn < 0) {
			report_say(&im->report, "%s: not imported: %s",
			    config->run_dir, err.message);
			im->failed = true;
			return;
		}
		result = look_and_begin(
		    im, config, targets, target_len, waits, begun);
		looks += result == -ENOENT;
		begin_lock_give_back(turn);
	} while (result == -EBUSY || (result == -ENOENT && looks < LOOKS_MAX));
}

void
import_one(struct import *im, const char *argument)
{
	char *dir = path_absolute(argument);
	struct begun begun = {.len = 0};
	struct attempt_config config;
	struct target *targets;
	size_t target_len;
	struct err err = ERR_INIT;

	if (dir == NULL)
		dir = xstrdup(argument);
	if (is_tracking_output(dir)) {
		report_say(&im->report,
		    "%s: holds what trackers wrote, passed over", dir);
		free(dir);
		return;
	}
	if (check_directory(dir, &err) < 0) {
		report_say(&im->report, "%s", err.message);
		im->failed = true;
		free(dir);
		return;
	}
	targets = attempt_make_targets(im->options, false, &target_len);
	if (attempt_name_destinations(
		targets, target_len, im->options, dir, &err) < 0) {
		report_say(
		    &im->report, "%s: not imported: %s", dir, err.message);
		im->failed = true;
		attempt_free_targets(targets, target_len);
		free(dir);
		return;
	}
	config = deliver_config(im->deliver);
	if (!im->follow)
		config.inotify = NULL;
	config.old_manifest = im->old_manifest;
	config.source = SOURCE_IMPORT;
	config.run_dir = dir;
	config.record_only = options_given(im->options, OPT_RECORD_ONLY);
	begin_in_turn(im, &config, targets, target_len, &begun);
	im->begun += begun.len;
	for (size_t i = 0; i < begun.len; i++)
		deliver_add(im->deliver, begun.attempts[i], im->follow);
	attempt_free_targets(targets, target_len);
	free(dir);
}

/* By a signal, with so many directories left. */
static bool
is_stopped(struct import *im, int left)
{
	if (left == 0 || !deliver_is_stopped(im->deliver))
		return false;
	report_say(&im->report,
	    "stopped by a signal: %d of the directories were not looked at",
	    left);
	im->failed = true;
	return true;
}

static int
import_run(const struct options *options)
{
	struct import im = {.options = options};
	struct err err = ERR_INIT;

	if (options->argument_count == 0)
		return command_usage(
		    &command_import, "name at least one run directory");
	im.state_dir = state_dir_path();
	report_init(&im.report, options);
	im.deliver = deliver_new(options, im.state_dir, &im.report);
	deliver_expect(im.deliver, (size_t)options->argument_count);
	for (int i = 0; i < options->argument_count; i++) {
		size_t begun = im.begun;

		import_one(&im, options->arguments[i]);
		if (im.begun == begun)
			deliver_pass_over(im.deliver);
		if (is_stopped(&im, options->argument_count - i - 1))
			break;
	}
	if (im.state_dir != NULL && index_check(im.state_dir, &err) < 0)
		report_say(&im.report, "%s", err.message);
	report_say_lines(&im.report, journals_of_refused());
	if (!deliver_run(im.deliver))
		im.failed = true;
	deliver_free(im.deliver);
	report_say_totals(&im.report);
	if (im.report.brief && im.tracked > 0)
		report_say(&im.report,
		    "%zu of the directories are tracked there already; --again "
		    "tracks them anew",
		    im.tracked);
	if (options_given(options, OPT_REPORT) &&
	    report_write(&im.report, options->value[OPT_REPORT], &err) < 0) {
		report_say(&im.report, "no report written: %s", err.message);
		im.failed = true;
	}
	if (im.failed || !options_given(options, OPT_QUIET))
		fputs(im.report.text.data, stderr);
	report_release(&im.report);
	free(im.state_dir);
	return im.failed ? STATUS_FAILURE : STATUS_OK;
}

const struct command command_import = {
    .name = "import",
    .program = PROGRAM_IMPORT,
    .usage = "itrack import [option]... dir...",
    .about = "track run directories that exist already",
    .run = import_run,
};
