#include "watcher/watcher.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/file.h"
#include "format/text.h"
#include "mapping/names.h"
#include "watcher/stamp.h"

/* Documents are small; a hostile one must not eat the memory. */
#define DOCUMENT_MAX_BYTES (8 * 1024 * 1024)
#define REMARKS_MAX_BYTES  4096

struct watcher {
	struct loop *loop;
	struct tree *tree;
	struct tree_watch watch;
	struct loop_timer again; /* the rest of a large file */
	char *path;
	struct watcher_identity identity;
	struct tail tail;
	struct derive *derive;
	enum artifact_choice artifacts;
	bool live, ended, replaced;
	uint64_t entries, skip_entries;
	int64_t start_us, end_us; /* the files' times */
	int64_t last_size;        /* of the records, when not live */
	derive_emit *emit;
	void (*event)(enum watcher_event event, void *data);
	void *data;
	struct buf remarks;
};

static void
remark(struct watcher *w, const char *name, const char *why)
{
	char *line = xasprintf("%s: %s\n", name, why);

	/* The same again and again (a scan for each event) is one remark. */
	if (strstr(w->remarks.data, line) == NULL)
		buf_adds(&w->remarks, line);
	free(line);
}

static void
on_refused(const char *name, const char *why, void *data)
{
	remark(data, name, why);
}

/* Derived entries pass here: those that the journal has are dropped. */
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

/* Not live: a time between the files' start and end, by the place in the file,
 * so that importing twice gives the same points. */
static int64_t
time_at(const struct watcher *w, int64_t offset)
{
	if (w->live)
		return clock_wall_us();
	if (w->last_size <= 0)
		return w->end_us;
	return w->start_us +
	    (int64_t)((double)(w->end_us - w->start_us) *
		((double)offset / (double)w->last_size));
}

static void
on_line(const char *line, size_t len, int64_t end, bool alone, void *data)
{
	struct watcher *w = data;
	struct derive_arrival arrival = {
	    .time_us = time_at(w, end), .observed = w->live && alone};

	derive_line(w->derive, line, len, &arrival);
}

static void
on_change(struct tree_watch *watch)
{
	watcher_scan(watch->data);
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

/* The directory, if it is still the one that is followed. */
static int
open_directory(const struct watcher *w, bool *other)
{
	struct watcher_identity now;
	int fd = open(w->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	*other = false;
	if (fd < 0)
		return -errno;
	if (stamp_identify(fd, &now) == 0 &&
	    watcher_identity_equal(&now, &w->identity))
		return fd;
	close(fd);
	*other = true;
	return -ESTALE;
}

/* Reads on; returns what the tail says. */
static int
read_records(struct watcher *w)
{
	struct err err = ERR_INIT;
	bool other;
	int fd = open_directory(w, &other);
	int result;

	if (fd < 0)
		return other ? TAIL_REPLACED : TAIL_ABSENT;
	result = tail_read(&w->tail, fd, RECORDS_FILE, on_line, w, &err);
	close(fd);
	if (result < 0) {
		remark(w, RECORDS_FILE, err.message);
		result = TAIL_ABSENT;
	}
	return result;
}

void
watcher_scan(struct watcher *w)
{
	int result;

	if (w->ended || w->replaced)
		return;
	result = read_records(w);
	if (result == TAIL_MORE)
		loop_timer_set(w->loop, &w->again, 0);
	if (result == TAIL_REPLACED)
		say_replaced(w);
}

static void
read_file_times(struct watcher *w)
{
	struct watcher_stamp marker = watcher_stamp(w->path, MARKER_FILE);
	struct watcher_stamp config = watcher_stamp(w->path, CONFIG_FILE);
	struct watcher_stamp records = watcher_stamp(w->path, RECORDS_FILE);
	struct watcher_stamp manifest = watcher_stamp(w->path, MANIFEST_FILE);

	w->end_us = (manifest.there ? manifest : records).mtime_ns / 1000;
	w->start_us = (marker.there          ? marker
			      : config.there ? config
					     : records)
			  .mtime_ns /
	    1000;
	if (w->start_us == 0 || w->start_us > w->end_us)
		w->start_us = w->end_us;
}

/* A manifest that is there before the records are read names the run. */
static void
offer_manifest(struct watcher *w)
{
	bool other;
	int fd = open_directory(w, &other);
	struct buf text;

	if (fd < 0)
		return;
	buf_init(&text, DOCUMENT_MAX_BYTES);
	if (file_read_all(fd, MANIFEST_FILE, &text, NULL) == 0)
		derive_manifest(w->derive, text.data, text.len);
	buf_release(&text);
	close(fd);
}

int
watcher_new(struct watcher **watcher, struct loop *loop, struct tree *tree,
    const struct watcher_config *config, struct err *err)
{
	struct watcher *w = xcalloc(1, sizeof *w);
	int result;

	w->loop = loop;
	w->tree = tree;
	w->path = xstrdup(config->path);
	w->artifacts = config->artifacts;
	w->live = config->live;
	w->skip_entries = config->skip_entries;
	w->emit = config->emit;
	w->event = config->event;
	w->data = config->data;
	w->again = (struct loop_timer){.fire = on_again, .data = w};
	w->watch = (struct tree_watch){.changed = on_change, .data = w};
	buf_init(&w->remarks, REMARKS_MAX_BYTES);
	tail_init(&w->tail);
	w->derive = derive_new(&config->derive, on_entry, w);
	result = watcher_identify(w->path, &w->identity, err);
	/* Watched first, scanned then: what comes between is seen by both. */
	if (result == 0 && tree != NULL)
		result = tree_add(tree, &w->watch, w->path, err);
	if (result < 0) {
		watcher_free(w);
		return result;
	}
	read_file_times(w);
	if (!w->live) {
		w->last_size = stamp_size(w->path, RECORDS_FILE);
		offer_manifest(w);
	}
	derive_begin(w->derive, w->live ? clock_wall_us() : w->start_us);
	if (tree != NULL)
		loop_timer_set(loop, &w->again, 0);
	*watcher = w;
	return 0;
}

void
watcher_free(struct watcher *w)
{
	if (w == NULL)
		return;
	tree_remove(&w->watch);
	loop_timer_cancel(w->loop, &w->again);
	derive_free(w->derive);
	tail_release(&w->tail);
	buf_release(&w->remarks);
	free(w->path);
	free(w);
}

static bool
manifest_is_new(const struct watcher_stamp *now, const struct watcher_end *end)
{
	const struct watcher_stamp *old = &end->old_manifest;

	if (!now->there || now->ctime_ns < clock_ns(&end->not_before))
		return false;
	return !old->there || now->device != old->device ||
	    now->inode != old->inode || now->mtime_ns != old->mtime_ns;
}

bool
watcher_end(struct watcher *w, const struct watcher_end *end)
{
	struct derive_finish finish = end->finish;
	struct watcher_stamp stamp;
	struct buf manifest, summary;
	bool other = false, is_new = false;
	int fd;

	/* The last lines: nobody writes any more, so what is shrunk stays. */
	if (!w->replaced)
		while (read_records(w) == TAIL_MORE)
			;
	w->ended = true;
	/* Offset and checksum stay; a run that waits for its tracker holds no
	 * buffer. */
	tail_release(&w->tail);
	loop_timer_cancel(w->loop, &w->again);
	tree_remove(&w->watch);
	/* Not before the last line that was just read. */
	if (w->live)
		w->end_us = clock_wall_us();
	finish.time_us = w->end_us;
	buf_init(&manifest, DOCUMENT_MAX_BYTES);
	buf_init(&summary, DOCUMENT_MAX_BYTES);
	fd = w->replaced ? -1 : open_directory(w, &other);
	if (fd >= 0) {
		struct err err = ERR_INIT;

		stamp = stamp_at(fd, MANIFEST_FILE);
		is_new = manifest_is_new(&stamp, end);
		if (is_new &&
		    file_read_all(fd, MANIFEST_FILE, &manifest, &err) == 0) {
			finish.documents.manifest = manifest.data;
			finish.documents.manifest_len = manifest.len;
		}
		if (is_new &&
		    file_read_all(fd, SUMMARY_FILE, &summary, NULL) == 0) {
			finish.documents.summary = summary.data;
			finish.documents.summary_len = summary.len;
		}
		if (err.code != 0)
			remark(w, MANIFEST_FILE, err.message);
	}
	derive_end(w->derive, &finish);
	if (fd >= 0) {
		struct buf text;

		buf_init(&text, 4 * PATH_MAX);
		text_from_path(&text, w->path);
		settle(fd, text.data, w->artifacts, finish.time_us, on_artifact,
		    on_refused, w);
		buf_release(&text);
		close(fd);
	}
	buf_release(&manifest);
	buf_release(&summary);
	return is_new;
}

int64_t
watcher_start_us(const struct watcher *w)
{
	return w->start_us;
}

int64_t
watcher_end_us(const struct watcher *w)
{
	return w->end_us;
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

const char *
watcher_remarks(const struct watcher *w)
{
	return w->remarks.data;
}
