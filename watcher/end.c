/* Reads the manifest and the files beside it, decides by them whether a
 * run is complete, and ends it. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
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
#include "watcher/identity.h"
#include "watcher/private.h"

#define CHUNK_BYTES ((size_t)64 * 1024)
/* Room for a path and " (deleted)". */
#define PLACE_SIZE (PATH_MAX + 16)

static bool
is_new(const struct watcher *w, const struct watcher_stamp *now)
{
	if (!now->there || now->ctime_ns < w->not_before_ns)
		return false;
	if (w->old_manifest.there &&
	    identity_stamp_equal(&w->old_manifest, now))
		return false;
	return !w->manifest.there ||
	    !identity_stamp_equal(&w->manifest.stamp, now);
}

/* Was the manifest there before the records that took the place of this run's?
 * Then it is this run's. */
static bool
manifest_came_first(const struct watcher *w)
{
	struct watcher_stamp manifest = watcher_stamp_of(w, MANIFEST_FILE),
			     records = watcher_stamp_of(w, RECORDS_FILE);

	return manifest.there && records.there &&
	    manifest.ctime_ns < records.ctime_ns;
}

bool
watcher_manifest_follows(const struct watcher *w)
{
	const struct watcher_stamp now = watcher_stamp_of(w, MANIFEST_FILE);

	return is_new(w, &now) && !manifest_came_first(w);
}

/* Takes the text over if it is a manifest: half of one, which is still being
 * written, says nothing. */
static bool
take_text(
    struct watcher *w, struct buf *text, const struct watcher_stamp *stamp)
{
	struct json_span root = document_root(text->data, text->len);
	struct json_span completed;

	if (root.type != JSON_OBJECT) {
		buf_release(text);
		return false;
	}
	completed = json_member(&root, "run_completed");
	w->manifest.completed = completed.type != JSON_FALSE;
	w->manifest.there = true;
	w->manifest.stamp = *stamp;
	buf_release(&w->manifest.text);
	w->manifest.text = *text;
	return true;
}

int
watcher_read_held(int fd, const char *name, struct buf *text, struct err *err)
{
	ssize_t n = 1;

	while (n > 0) {
		char *room = buf_reserve(text, CHUNK_BYTES);

		if (room == NULL)
			return err_set(err, -EMSGSIZE,
			    "%s: larger than %zu bytes", name, text->max);
		n = pread(fd, room, CHUNK_BYTES, (off_t)text->len);
		if (n > 0)
			buf_advance(text, (size_t)n);
		else if (n < 0 && errno == EINTR)
			n = 1;
	}
	return n == 0 ? 0 : err_errno(err, "%s", name);
}

/* Returns the stamp of what settle_held() returned. */
static struct watcher_stamp
stamp_held(int held)
{
	struct stat st;

	if (held < 0)
		return (struct watcher_stamp){.code = held};
	if (file_stat(held, &st) < 0)
		return (struct watcher_stamp){.code = -errno};
	return identity_stamp_of(&st);
}

/* Returns 1 if there is a new manifest, which `text` gets, else 0. */
static int
read_new(const struct watcher *w, struct watcher_stamp *stamp, struct buf *text,
    struct err *err)
{
	int held = 0, result;

	*stamp = watcher_stamp_of(w, MANIFEST_FILE);
	if (stamp->code == 0 && !stamp->there)
		held = settle_held(&w->settle, MANIFEST_FILE);
	if (held != 0)
		*stamp = stamp_held(held);
	if (stamp->code < 0)
		return err_set(err, stamp->code, MANIFEST_FILE ": %s",
		    strerror(-stamp->code));
	if (!is_new(w, stamp))
		return 0;
	result = held > 0 ? watcher_read_held(held, MANIFEST_FILE, text, err)
			  : watcher_read_file(w, MANIFEST_FILE, text, err);
	return result < 0 ? result : 1;
}

/* A manifest that was read before stays what it was. */
static void
could_not_look_at_manifest(struct watcher *w, const struct err *err)
{
	if (w->manifest.there)
		watcher_remark_error(w, err);
	else
		watcher_unread(w, err);
}

static bool
read_manifest(struct watcher *w)
{
	struct watcher_stamp stamp;
	struct err err = ERR_INIT;
	struct buf text;
	int result;

	buf_init(&text, WATCHER_DOCUMENT_MAX);
	result = read_new(w, &stamp, &text, &err);
	if (result > 0)
		return take_text(w, &text, &stamp);
	buf_release(&text);
	if (file_is_unknown(result))
		could_not_look_at_manifest(w, &err);
	else if (result < 0 && !file_is_absent(result))
		watcher_remark_error(w, &err);
	return false;
}

static void
take_files(struct watcher *w)
{
	/* settle_take() has named the file. */
	if (settle_take(&w->settle, w->dir_fd) < 0)
		w->unread = true;
}

bool
watcher_look_at_manifest(struct watcher *w)
{
	if (!read_manifest(w))
		return false;
	/* The last records were written before the manifest. */
	if (w->live)
		watcher_read_records(w, true);
	take_files(w);
	return true;
}

void
watcher_take_file(struct watcher *w, const char *name, int fd)
{
	if (w->ended || !w->tail.hold)
		return;
	settle_hold(&w->settle, name, fd);
	if (strcmp(name, RECORDS_FILE) == 0)
		tail_hold(&w->tail, fd);
}

bool
watcher_is_complete(const struct watcher *w)
{
	return w->manifest.there && w->manifest.completed;
}

int64_t
watcher_changed_ms(const struct watcher *w)
{
	return w->changed_ms;
}

/* A path that can't be looked at counts as leading where it led before. */
static bool
leads_here(const struct watcher *w, const char *path)
{
	struct watcher_identity there;
	int result = watcher_identify(path, &there, NULL);

	if (result < 0)
		return !file_is_absent(result);
	return watcher_identity_equal(&there, &w->identity);
}

/* Returns the directory's path as text, allocated, or NULL if no path leads to
 * it. */
static char *
find_place(const struct watcher *w)
{
	char link[64], path[PLACE_SIZE];
	ssize_t n;

	if (leads_here(w, w->path))
		return text_path_text(w->path);
	if (w->dir_fd < 0)
		return NULL;
	snprintf(link, sizeof link, "/proc/self/fd/%d", w->dir_fd);
	n = readlink(link, path, sizeof path - 1);
	if (n <= 0)
		return NULL;
	path[n] = '\0';
	return leads_here(w, path) ? text_path_text(path) : NULL;
}

static void
read_summary(struct watcher *w)
{
	struct err err = ERR_INIT;
	struct buf text;
	int result;

	buf_init(&text, WATCHER_DOCUMENT_MAX);
	result = watcher_read_file(w, SUMMARY_FILE, &text, &err);
	if (result < 0) {
		buf_release(&text);
		if (file_is_unknown(result))
			watcher_unread(w, &err);
		return;
	}
	buf_release(&w->manifest.summary);
	w->manifest.summary = text;
}

static void
take_subfolders(struct watcher *w)
{
	w->subfolders = xcalloc(1, sizeof *w->subfolders);
	subfolders_init(w->subfolders, &w->settle.config);
	if (subfolders_take(w->subfolders, w->dir_fd) < 0)
		w->unread = true;
}

/* Reads what is in the directory now, unless it is another run's. */
static void
take_last(struct watcher *w, bool superseded)
{
	int result;

	/* A file that could not be looked at before is looked at once more. */
	w->unread = false;
	if (superseded && w->manifest.there)
		return;
	/* Nobody writes any more, so a file that has shrunk stays so. */
	result = watcher_read_records(w, true);
	if ((result == TAIL_REPLACED ||
		(result == TAIL_SHRUNK && superseded)) &&
	    !manifest_came_first(w))
		return;
	watcher_take_config(w, true);
	read_manifest(w);
	if (w->manifest.there)
		read_summary(w);
	take_subfolders(w);
	take_files(w);
}

static void
give_back(struct watcher *w)
{
	w->ended = true;
	/* Offset and checksum stay; a run that waits for its tracker needs no
	 * buffer. */
	tail_release(&w->tail);
	settle_let_go(&w->settle);
	loop_timer_cancel(w->loop, &w->again);
	loop_timer_cancel(w->loop, &w->part_timer);
	inotify_remove(&w->watch);
}

const char *
watcher_end_place(const struct watcher *w)
{
	return w->end_place;
}

/* Takes the last line, and notes what is missing. */
static void
say_uncounted(struct watcher *w)
{
	const struct buf *manifest = &w->manifest.text;
	uint64_t torn =
	    tail_end(&w->tail, watcher_is_complete(w), watcher_on_line, w);
	uint64_t count = derive_mapping(w->derive)->record_count;
	int64_t missing = w->manifest.there
	    ? manifest_missing(manifest->data, manifest->len, count)
	    : 0;
	char *why;

	if (torn > 0) {
		why = xasprintf("%ju bytes behind the last whole line are not "
				"counted",
		    (uintmax_t)torn);
		watcher_remark(w, RECORDS_FILE, why);
		free(why);
	}
	if (missing > 0) {
		why = xasprintf("it counts %ju records, %ju could be read",
		    (uintmax_t)count + (uintmax_t)missing, (uintmax_t)count);
		watcher_remark(w, MANIFEST_FILE, why);
		free(why);
	}
	w->is_short = missing > 0;
}

bool
watcher_is_short(const struct watcher *w)
{
	return w->is_short;
}

static void
give_back_rest(struct watcher *w)
{
	close(w->dir_fd);
	w->dir_fd = -1;
	buf_release(&w->manifest.text);
	buf_release(&w->manifest.summary);
	if (w->subfolders != NULL)
		subfolders_release(w->subfolders);
	free(w->subfolders);
	w->subfolders = NULL;
}

bool
watcher_is_unread(const struct watcher *w)
{
	return w->unread;
}

static void
leave(struct watcher *w)
{
	give_back(w);
	give_back_rest(w);
}

bool
watcher_end(struct watcher *w, const struct watcher_end *end)
{
	struct derive_finish finish = end->finish;

	take_last(w, end->superseded || w->superseded);
	if (w->unread) {
		leave(w);
		return false;
	}
	say_uncounted(w);
	watcher_flush_parts(w);
	give_back(w);
	/* The end is not earlier than the last line, which was just read. */
	if (w->live)
		w->end_us = clock_wall_us();
	finish.time_us = w->end_us;
	if (w->manifest.there) {
		finish.documents.manifest = w->manifest.text.data;
		finish.documents.manifest_len = w->manifest.text.len;
	}
	if (w->manifest.there && w->manifest.summary.len > 0) {
		finish.documents.summary = w->manifest.summary.data;
		finish.documents.summary_len = w->manifest.summary.len;
	}
	if (w->subfolders != NULL) {
		finish.documents.verdict = w->subfolders->verdict.data;
		finish.documents.verdict_len = w->subfolders->verdict.len;
		if (w->subfolders->has_receipts)
			finish.receipts = &w->subfolders->receipts;
	}
	derive_end(w->derive, &finish);
	w->end_place = find_place(w);
	settle_emit(&w->settle, w->end_place, finish.time_us);
	if (w->subfolders != NULL)
		subfolders_emit(w->subfolders, w->end_place, finish.time_us);
	give_back_rest(w);
	return watcher_is_complete(w);
}
