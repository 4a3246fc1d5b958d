/* Decides how the tracking of a run directory begins: with a new attempt,
 * with one that was left behind, or not at all, because it is tracked
 * already. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "base/path.h"
#include "format/text.h"
#include "journal/begin_lock.h"
#include "mapping/names.h"
#include "watcher/identity.h"
#include "wrap/attempt/start.h"
#include "wrap/worker/own_run.h"
#include "wrap/worker/private.h"
#include "wrap/attempt/already_tracked.h"

/* So long a run waits for an import that looks at its directory; messages of
 * other runs wait, too. */
#define TURN_LIVE_MS 2000
#define LOOK_MS      5

/* Notes the manifest that an earlier run of this command left in the directory.
 * By now there may be this run's own, which is written behind all the others of
 * its files. */
static struct watcher_stamp
older_manifest(const struct run *run, int dir_fd)
{
	static const char *const names[] = {
	    MARKER_FILE, CONFIG_FILE, RECORDS_FILE};
	const struct run *earlier = run_before(run);
	struct watcher_stamp manifest = {0};

	if (earlier != NULL)
		manifest = run_stamp(run->dir, dir_fd, MANIFEST_FILE);
	if (!manifest.there ||
	    identity_stamp_equal(&earlier->manifest, &manifest))
		return manifest;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct watcher_stamp file =
		    run_stamp(run->dir, dir_fd, names[i]);

		if (file.code < 0)
			return file;
		if (file.there && file.mtime_ns > manifest.mtime_ns)
			return manifest;
	}
	return (struct watcher_stamp){0};
}

static struct attempt_config
make_config(struct run *run, int dir_fd, const struct run_callbacks *callbacks)
{
	const struct runs_config *c = &run->runs->config;
	const struct options *o = c->options;
	bool known = run->asked.known;

	return (struct attempt_config){
	    .loop = c->loop,
	    .inotify = c->inotify,
	    .options = o,
	    .state_dir = c->state_dir,
	    .source = SOURCE_LIVE,
	    .run_dir = run->dir,
	    .config_path =
		known ? run->asked.config_path : c->guess->config_path,
	    .results = known ? run->asked.results : c->guess->results,
	    .writer = run->writer > 0 ? run->writer : c->launched->command,
	    .writer_guessed = run->writer <= 0,
	    .command =
		o->argument_count > 0 ? path_base(o->arguments[0]) : NULL,
	    .dir_fd = dir_fd,
	    .held = run->held,
	    .old_manifest = older_manifest(run, dir_fd),
	    .not_before = c->launched->file_clock,
	    .notifies = true,
	    .record_only = options_given(o, OPT_RECORD_ONLY),
	    .replaced = callbacks->replaced,
	    .complete = callbacks->complete,
	    .settled = callbacks->settled,
	    .rule_holds = callbacks->rule_holds,
	    .data = run,
	};
}

/* Did this very command make it, through a worker that was killed? */
static bool
is_of_this_command(const struct runs *runs, int64_t started_us)
{
	const struct link_launched *l = runs->config.launched;

	return l->restarts > 0 && started_us >= clock_us(&l->wall);
}

/* Who imports it has all of it. */
static bool
is_whole(const struct run *run)
{
	return watcher_stamp(run->dir, MANIFEST_FILE).there;
}

/* Was the directory made by this command, so that nobody can have tracked
 * anything of it before? */
static bool
is_new(const struct run *run)
{
	const struct link_launched *l = run->runs->config.launched;

	return l->restarts == 0 &&
	    run->identity.birth_ns > clock_ns(&l->file_clock);
}

/* Takes over a journal whose worker is dead. Its lock may be held for a moment
 * longer: by a process that the worker had just forked, or by an import or a sync
 * that finds that the run still goes on. */
static int
take_over(struct run *run, const struct attempt_config *config,
    const char *attempt, bool must_fit, struct err *err)
{
	int wait_ms = TURN_LIVE_MS, result;

	for (;;) {
		result = must_fit
		    ? attempt_adopt_if_fits(&run->attempt, config, attempt, err)
		    : attempt_adopt(&run->attempt, config, attempt, err);
		if (result != -EBUSY || wait_ms <= 0)
			return result;
		poll(NULL, 0, LOOK_MS);
		wait_ms -= LOOK_MS;
	}
}

static bool
is_in_list(const struct runs *runs, int64_t attempt_us)
{
	const struct run *run;

	TAILQ_FOREACH (run, &runs->list, link)
		if (run->attempt_us == attempt_us)
			return true;
	return false;
}

/* What a worker before us has begun, and nobody has at hand any more, is ours to go
 * on with. */
bool
runs_are_tracked_elsewhere(const struct runs *runs, const struct tracked *t)
{
	int64_t launch_us = clock_us(&runs->config.launched->wall);

	if (t->pending != NULL && !is_in_list(runs, t->pending_us) &&
	    (t->pending_live || !is_of_this_command(runs, t->pending_us)) &&
	    ((t->pending_live && t->pending_unended) ||
		t->pending_end_us >= launch_us))
		return true;
	return t->delivered_end_us >= launch_us &&
	    !is_in_list(runs, t->delivered_us) &&
	    !is_of_this_command(runs, t->delivered_us);
}

/* A journal of this directory that somebody left unended (a killed worker, a
 * power loss) is continued, if its records are still there; else it ends with
 * what it has by `itrack sync`. One that the worker before us had ended is
 * delivered, and what it had delivered, or what an import or a watch has at hand,
 * is left alone: -EALREADY. */
static int
adopt_or_begin(
    struct run *run, const struct attempt_config *config, struct err *err)
{
	struct attempt_config taken_up = *config;
	struct err why = ERR_INIT;
	struct tracked t;
	bool ours;
	int result = -ENOENT, leads;

	/* Whatever else this machine knows by that name is of another
	 * directory. */
	leads = attempt_path_leads(config, err);
	if (leads < 0)
		return leads;
	if (leads == 0)
		return attempt_new(&run->attempt, config, err);
	tracked_find(&t, config->state_dir, run->dir, NULL, 0);
	ours = is_of_this_command(run->runs, t.pending_us);
	taken_up.new_command = !ours;
	if (t.pending != NULL && !t.pending_live && t.pending_unended)
		result = take_over(run, &taken_up, t.pending, true, &why);
	else if (t.pending != NULL && !t.pending_live && ours)
		result = take_over(run, &taken_up, t.pending, false, &why);
	else if (t.pending_watched ||
	    is_of_this_command(run->runs, t.delivered_us) ||
	    (t.pending_live && ours && is_whole(run)) ||
	    (!run->heard && runs_are_tracked_elsewhere(run->runs, &t)))
		result = -EALREADY;
	/* Another process finishes it now, or did just now. */
	if (t.pending != NULL && !t.pending_live && ours &&
	    (result == -EBUSY || result == -ENOENT))
		result = -EALREADY;
	if (result == -ENOENT && t.failed.code < 0 && !is_new(run)) {
		char *word = text_shell_word(run->dir);

		result = err_set(&why, t.failed.code,
		    "%s: not tracked, since what is tracked already could not "
		    "be looked at: %s: itrack import %s",
		    run->dir, t.failed.message, word);
		free(word);
	}
	tracked_release(&t);
	if (attempt_may_be_adopted_later(result))
		return err_set(err, result, "%s", why.message);
	if (result < 0 && result != -EALREADY)
		result = attempt_new(&run->attempt, config, err);
	return result;
}

int
runs_begin_attempt(struct run *run, int dir_fd,
    const struct run_callbacks *callbacks, struct err *err)
{
	struct attempt_config config = make_config(run, dir_fd, callbacks);
	int turn, result;

	/* The directory that is there now might be the older one. */
	if (config.old_manifest.code < 0)
		return err_set(err, config.old_manifest.code,
		    "%s/" MANIFEST_FILE ": %s", run->dir,
		    strerror(-config.old_manifest.code));
	/* A run that is being written is tracked in any case. */
	turn = begin_lock_take(
	    config.state_dir, (int64_t)run->identity.inode, TURN_LIVE_MS, NULL);
	result = adopt_or_begin(run, &config, err);
	begin_lock_give_back(turn);
	return result;
}

int
runs_take_attempt(struct run *run, const char *attempt, bool ended,
    const struct run_callbacks *callbacks, struct err *err)
{
	struct attempt_config config = make_config(run, 0, callbacks);
	int turn, result;

	turn = begin_lock_take(
	    config.state_dir, (int64_t)run->identity.inode, TURN_LIVE_MS, NULL);
	result = take_over(run, &config, attempt, !ended, err);
	begin_lock_give_back(turn);
	return result;
}

int
runs_begin_own(
    struct run *run, const struct run_callbacks *callbacks, struct err *err)
{
	struct attempt_config config = make_config(run, 0, callbacks);

	config.held = false;
	return own_run_begin(&run->attempt, &config, run->runs->config.launched,
	    run->runs->line, run->runs->line_len, err);
}

size_t
runs_journals(const struct runs *runs, const char **newest)
{
	const struct run *run;
	size_t count = 0;

	TAILQ_FOREACH (run, &runs->list, link) {
		if (run->attempt == NULL || attempt_in_memory(run->attempt))
			continue;
		*newest = attempt_name(run->attempt);
		count++;
	}
	return count;
}
