#include "watcher/watcher.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/file.h"
#include "format/text.h"
#include "mapping/documents.h"
#include "mapping/names.h"
#include "base/remote_fs.h"
#include "watcher/identity.h"
#include "watcher/private.h"

#define REMARKS_MAX_BYTES 4096

static void
remark(struct watcher *w, const char *what)
{
	char *line = xasprintf("%s\n", what);

	/* The same remark may come again with each event's scan; it is noted
	 * once. */
	if (strstr(w->remarks.data, line) == NULL)
		buf_adds(&w->remarks, line);
	free(line);
}

void
watcher_remark(struct watcher *w, const char *name, const char *why)
{
	struct err what = ERR_INIT;

	err_set(&what, 0, "%s", why);
	err_prefix(&what, "%s", name);
	remark(w, what.message);
}

void
watcher_remark_error(struct watcher *w, const struct err *err)
{
	remark(w, err->message);
}

void
watcher_unread(struct watcher *w, const struct err *err)
{
	watcher_remark_error(w, err);
	w->unread = true;
}

static void
on_refused(const char *name, const char *why, void *data)
{
	watcher_remark(data, name, why);
}

/* All derived entries pass here, and those that the journal has already are
 * dropped. */
static void
on_entry(struct entry *e, void *data)
{
	struct watcher *w = data;

	if (w->entries++ < w->skip_entries)
		entry_release(e);
	else
		w->emit(e, w->data);
}

static void
on_artifact(struct entry *e, void *data)
{
	struct watcher *w = data;

	w->emit(e, w->data);
}

static int
on_keep(const char *name, int number, int fd, struct settle_kept *kept,
    struct err *err, void *data)
{
	struct watcher *w = data;

	return w->keep(name, number, fd, kept, err, w->data);
}

static void
on_change(struct inotify_watch *watch)
{
	struct watcher *w = watch->data;

	w->changed_ms = clock_mono_ms();
	watcher_scan(w);
}

static void
on_again(struct loop_timer *timer)
{
	watcher_scan(timer->data);
}

static void
say_replaced(struct watcher *w)
{
	if (w->replaced || w->ended)
		return;
	w->replaced = true;
	if (w->event != NULL)
		w->event(WATCHER_REPLACED, w->data);
}

/* Has another directory taken the name? */
static bool
is_displaced(const struct watcher *w)
{
	struct watcher_identity now;

	return w->placed && watcher_identify(w->path, &now, NULL) == 0 &&
	    !watcher_identity_equal(&now, &w->identity);
}

int
watcher_read_records(struct watcher *w, bool all)
{
	struct err err = ERR_INIT;
	int result;

	watcher_take_config(w, false);
	result = (all ? tail_read_all : tail_read)(
	    &w->tail, w->dir_fd, RECORDS_FILE, watcher_on_line, w, &err);
	if (result < 0) {
		watcher_unread(w, &err);
		result = TAIL_ABSENT;
	}
	w->caught_up = w->live && (w->caught_up || result != TAIL_MORE);
	return result;
}

void
watcher_scan(struct watcher *w)
{
	int result;

	if (w->ended || w->replaced)
		return;
	result = watcher_read_records(w, false);
	/* A manifest comes behind the last record: with it they stay as few as
	 * they are, if they still are when it was seen. */
	if (result == TAIL_SHRUNK && watcher_manifest_follows(w)) {
		result = watcher_read_records(w, false);
		if (result == TAIL_SHRUNK)
			result = TAIL_REPLACED;
	}
	if (result == TAIL_MORE) {
		loop_timer_set(w->loop, &w->again, 0);
		return;
	}
	if (result == TAIL_REPLACED)
		w->superseded = true;
	else if (watcher_look_at_manifest(w) && w->manifest.completed &&
	    w->event != NULL)
		w->event(WATCHER_COMPLETE, w->data);
	if (w->superseded || is_displaced(w))
		say_replaced(w);
}

struct watcher_stamp
watcher_stamp_of(const struct watcher *w, const char *name)
{
	return w->live ? identity_stamp_at(w->dir_fd, name)
		       : identity_stamp_through(w->dir_fd, name);
}

int
watcher_read_file(const struct watcher *w, const char *name, struct buf *text,
    struct err *err)
{
	return w->live ? file_read_all(w->dir_fd, name, text, err)
		       : file_read_through_links(w->dir_fd, name, text, err);
}

/* A manifest that is there before the records are read names the run. */
static int
offer_manifest(struct watcher *w, struct err *err)
{
	struct err why = ERR_INIT;
	struct buf text;
	int result;

	buf_init(&text, WATCHER_DOCUMENT_MAX);
	result = watcher_read_file(w, MANIFEST_FILE, &text, &why);
	if (result == 0)
		derive_manifest(w->derive, text.data, text.len);
	buf_release(&text);
	if (!file_is_unknown(result))
		return 0;
	err_prefix(&why, "%s", w->path);
	return err_set(err, result, "%s", why.message);
}

static int
look_back(struct watcher *w, struct err *err)
{
	int result = watcher_read_file_times(w, err);

	if (result < 0 || w->live)
		return result;
	w->last_size = tail_size(&w->tail, w->dir_fd, err);
	if (w->last_size < 0)
		return err_prefix(err, "%s", w->path);
	return offer_manifest(w, err);
}

static int
open_directory(struct watcher *w, int dir_fd, struct err *err)
{
	struct watcher_identity there;
	int result;

	w->dir_fd = dir_fd > 0
	    ? fcntl(dir_fd, F_DUPFD_CLOEXEC, 0)
	    : open(w->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (w->dir_fd < 0)
		return err_errno(err, "%s", w->path);
	result = identity_of(w->dir_fd, &w->identity);
	if (result < 0)
		return err_set(err, result, "%s: can't be examined", w->path);
	/* Where the writer names its directory, it tells also when there is
	 * another. */
	w->placed = dir_fd <= 0 &&
	    watcher_identify(w->path, &there, NULL) == 0 &&
	    watcher_identity_equal(&there, &w->identity);
	w->tail.hold = w->live && !remote_has_file(w->dir_fd);
	return 0;
}

/* Opens the directory by its descriptor, because the path may lead elsewhere.
 * Without /proc only the path is left. */
static int
watch_directory(struct watcher *w, struct err *err)
{
	char link[64];

	snprintf(link, sizeof link, "/proc/self/fd/%d", w->dir_fd);
	return inotify_add(w->inotify, &w->watch,
	    access(link, F_OK) < 0 ? w->path : link, err);
}

static void
copy_config(struct watcher *w, const struct watcher_config *config)
{
	struct settle_config files = {.choice = config->artifacts,
	    .keep = config->keep != NULL ? on_keep : NULL,
	    .emit = on_artifact,
	    .refused = on_refused,
	    .data = w};

	settle_init(&w->settle, &files);
	w->path = xstrdup(config->path);
	w->live = config->live;
	w->skip_entries = config->skip_entries;
	w->configured = config->configured;
	w->old_manifest = config->old_manifest;
	w->not_before_ns = clock_ns(&config->not_before);
	w->emit = config->emit;
	w->keep = config->keep;
	w->event = config->event;
	w->data = config->data;
	watcher_init_parts(w, config);
}

int
watcher_new(struct watcher **watcher, struct loop *loop,
    struct inotify *inotify, const struct watcher_config *config,
    struct err *err)
{
	struct watcher *w = xcalloc(1, sizeof *w);
	int result;

	w->loop = loop;
	w->inotify = inotify;
	copy_config(w, config);
	w->changed_ms = clock_mono_ms();
	w->again = (struct loop_timer){.fire = on_again, .data = w};
	w->watch = (struct inotify_watch){.changed = on_change, .data = w};
	buf_init(&w->remarks, REMARKS_MAX_BYTES);
	buf_init(&w->manifest.text, WATCHER_DOCUMENT_MAX);
	buf_init(&w->manifest.summary, WATCHER_DOCUMENT_MAX);
	w->dir_fd = -1;
	tail_init(&w->tail);
	w->tail.find = !config->live;
	w->derive = derive_new(&config->derive, on_entry, w);
	result = open_directory(w, config->dir_fd, err);
	/* We watch first and scan then, so that no change in between is
	 * missed. */
	if (result == 0 && inotify != NULL)
		result = watch_directory(w, err);
	if (result == 0)
		result = look_back(w, err);
	if (result < 0) {
		watcher_free(w);
		return result;
	}
	derive_begin(w->derive, w->live ? clock_wall_us() : w->start_us);
	if (inotify != NULL)
		loop_timer_set(loop, &w->again, 0);
	*watcher = w;
	return 0;
}

void
watcher_free(struct watcher *w)
{
	if (w == NULL)
		return;
	inotify_remove(&w->watch);
	loop_timer_cancel(w->loop, &w->again);
	loop_timer_cancel(w->loop, &w->part_timer);
	derive_free(w->derive);
	tail_release(&w->tail);
	settle_release(&w->settle);
	if (w->dir_fd >= 0)
		close(w->dir_fd);
	buf_release(&w->manifest.text);
	buf_release(&w->manifest.summary);
	buf_release(&w->remarks);
	free(w->kept_records);
	free(w->end_place);
	free(w->path);
	free(w);
}

const struct derive *
watcher_derive(const struct watcher *w)
{
	return w->derive;
}

const struct tail *
watcher_tail(const struct watcher *w)
{
	return &w->tail;
}

const struct watcher_identity *
watcher_identity(const struct watcher *w)
{
	return &w->identity;
}

const struct watcher_stamp *
watcher_manifest(const struct watcher *w)
{
	return &w->manifest.stamp;
}

const char *
watcher_remarks(const struct watcher *w)
{
	return w->remarks.data;
}
