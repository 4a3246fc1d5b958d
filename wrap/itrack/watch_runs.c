/* When a run directory that `itrack watch` sees is to be tracked: when it is
 * new, or its files have changed since it was looked at. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/path.h"
#include "mapping/names.h"
#include "watcher/identity.h"
#include "wrap/itrack/watch_private.h"

/* Where a worker may be about to begin, and where another process is at work:
 * when that is looked at again. */
#define WORKER_MS 100
#define BUSY_MS   (10 * 1000)
/* File times go by a clock that stands still for a tick. */
#define TICK_US 10000
/* So long after a change an error is not said yet. */
#define MOTION_US 2000000

/* Their places among the files below. */
#define RECORDS  0
#define MANIFEST 2

static const char *const files[WATCH_FILES] = {
    RECORDS_FILE, RECORDS_FILE ".gz", MANIFEST_FILE, MARKER_FILE};

int
run_recognise(const char *path, struct watcher_stamp *stamps)
{
	int result = 0;

	for (int i = 0; i < WATCH_FILES; i++) {
		stamps[i] = watcher_stamp(path, files[i]);
		if (stamps[i].there)
			result = 1;
		else if (stamps[i].code < 0 && result == 0)
			result = stamps[i].code;
	}
	return result;
}

/* A file that is gone makes no new run of one that was finished before. */
static bool
has_changed(const struct node *n, const struct watcher_stamp *stamps)
{
	for (int i = 0; i < WATCH_FILES; i++)
		if ((!n->old || stamps[i].there) &&
		    !identity_stamp_equal(&n->stamps[i], &stamps[i]))
			return true;
	return false;
}

/* When files were written, and when something was done to the directory or one of
 * them: moved or copied here, removed. */
static void
last_changes(const char *path, const struct watcher_stamp *stamps,
    int64_t *written_us, int64_t *came_us)
{
	struct stat st;
	int64_t at_us;

	*written_us = 0;
	*came_us = stat(path, &st) == 0 ? clock_us(&st.st_ctim) : 0;
	for (int i = 0; i < WATCH_FILES; i++) {
		if (!stamps[i].there)
			continue;
		at_us = stamps[i].mtime_ns / 1000;
		if (at_us > *written_us)
			*written_us = at_us;
		at_us = stamps[i].ctime_ns / 1000;
		if (at_us > *came_us)
			*came_us = at_us;
	}
}

/* Was it last written before, and has it been here before we began? */
static bool
is_old(const struct node *n, const struct watcher_stamp *stamps)
{
	const struct watch *w = n->watch;
	int64_t written_us, came_us;

	last_changes(n->path, stamps, &written_us, &came_us);
	return written_us < w->since_us && came_us < w->started_us - TICK_US;
}

/* A directory that is just being removed or written can't be imported. */
static bool
is_in_motion(const struct node *n)
{
	int64_t now_us = clock_wall_us(), written_us, came_us;

	last_changes(n->path, n->stamps, &written_us, &came_us);
	return came_us > now_us - MOTION_US && came_us <= now_us;
}

/* An attempt that could not be delivered, or not be read to its end, is taken up
 * again. */
static void
take_up(struct node *n)
{
	struct import *im = &n->watch->im;
	struct attempt_config config = deliver_config(im->deliver);
	char *attempt = n->pending;
	struct attempt *a = NULL;
	struct err err = ERR_INIT;
	int result;

	config.inotify = NULL;
	result = attempt_adopt(&a, &config, attempt, &err);
	if (result == -EBUSY) {
		node_put_off(n, WATCH_RETRY_MS);
		return;
	}
	n->pending = NULL;
	free(attempt);
	if (result == 0) {
		n->open++;
		deliver_add(im->deliver, a, false);
	} else if (result != -ENOENT) {
		report_say(&im->report, "%s: %s", n->path, err.message);
		watch_print(n->watch, true);
	}
}

bool
run_is_at_work(struct node *n)
{
	if (n->open == 0 && n->pending != NULL)
		take_up(n);
	return n->open > 0 || n->pending != NULL;
}

/* Has it no manifest, or that of the records which were there before? */
static bool
goes_on(const struct node *n)
{
	return !n->stamps[MANIFEST].there || n->resumed;
}

/* A worker may be about to begin with it; or it is just being copied here, or
 * removed. */
static bool
has_to_wait(const struct node *n)
{
	const struct watch *w = n->watch;

	if (w->ending)
		return goes_on(n);
	return w->starting || (!goes_on(n) && is_in_motion(n)) ||
	    import_has_to_wait(w->im.state_dir, n->path, n->put_off_ms);
}

/* Attempts may be closed before import_one() returns: `open` is below zero for
 * that time. */
static void
begin(struct node *n)
{
	struct import *im = &n->watch->im;

	n->again = true;
	if (n->put_off_ms == 0)
		n->put_off_ms = clock_mono_ms();
	if (has_to_wait(n)) {
		node_put_off(n, WORKER_MS);
		return;
	}
	n->again = im->failed = im->busy = false;
	n->put_off_ms = 0;
	im->begun = 0;
	im->follow = goes_on(n);
	im->old_manifest =
	    im->follow ? n->stamps[MANIFEST] : (struct watcher_stamp){0};
	import_one(im, n->path);
	n->open += (int)im->begun;
	n->again = n->again || im->failed || im->busy;
	n->over = n->over || (!n->again && im->begun == 0);
	if (im->failed && is_in_motion(n)) {
		watch_print(n->watch, false);
		node_put_off(n, WORKER_MS);
	} else if (im->failed) {
		watch_print(n->watch, !n->said);
		n->said = true;
		node_put_off(n, WATCH_RETRY_MS);
	} else if (im->busy) {
		node_put_off(n, BUSY_MS);
	}
}

/* Of a run that was over, whose records have changed: they are another run's, or
 * it goes on, and its manifest is an old one until there is another. */
static void
note_change(struct node *n, const struct watcher_stamp *stamps)
{
	bool same = stamps[MANIFEST].there &&
	    identity_stamp_equal(&n->stamps[MANIFEST], &stamps[MANIFEST]);

	n->resumed = same && (n->over || n->resumed);
	n->over = n->old = false;
	memcpy(n->stamps, stamps, sizeof n->stamps);
}

void
run_look(struct node *n, const struct watcher_stamp *stamps)
{
	bool changed = !n->looked || has_changed(n, stamps);

	if (changed)
		note_change(n, stamps);
	if (!n->looked)
		n->over = n->old = is_old(n, stamps);
	n->looked = true;
	/* While it is followed, its own watcher looks at it. */
	if (n->open == 0 && !run_is_at_work(n) && !n->old &&
	    (changed || n->again))
		begin(n);
}

void
run_is_gone(struct node *n)
{
	if (n->open > 0)
		deliver_end(n->watch->im.deliver, n->path);
	else if (n->pending != NULL)
		node_put_off(n, WATCH_RETRY_MS);
	else if (!n->old && n->level > 0)
		node_free(n);
}

/* Is there more in the directory than the attempt has read? */
static bool
has_more(const struct node *n, const struct attempt *a)
{
	const struct watcher *w = attempt_watcher(a);
	char *records = path_join(n->path, RECORDS_FILE);
	struct watcher_identity now;
	struct stat st;
	bool more = false;

	if (w != NULL && stat(records, &st) == 0)
		more = st.st_size != watcher_tail(w)->offset ||
		    watcher_identify(n->path, &now, NULL) < 0 ||
		    !watcher_identity_equal(&now, watcher_identity(w));
	free(records);
	return more;
}

void
run_on_closed(struct attempt *a, bool complete, void *data)
{
	struct watch *w = data;
	struct node *n = node_find(w, attempt_run_dir(a));

	w->finished += attempt_is_ended(a);
	watch_print(w, complete || n == NULL || !n->said);
	if (n == NULL)
		return;
	n->open--;
	n->said = !complete;
	n->over = attempt_is_ended(a);
	n->resumed = n->resumed && !n->over;
	if (!complete && n->pending == NULL) {
		n->pending = xstrdup(attempt_name(a));
		node_put_off(n, WATCH_RETRY_MS);
		return;
	}
	if (n->gone) {
		run_is_gone(n);
		return;
	}
	run_recognise(n->path, n->stamps);
	if (has_more(n, a)) {
		n->again = true;
		node_put_due(n);
	}
}
