/* Takes each whole line of the records: the mapping makes entries of it, and the
 * parts note where it lies. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "format/text.h"
#include "mapping/names.h"
#include "watcher/private.h"
#include "watcher/identity.h"

/* A record that was seen to arrive is in the journal after this time at the
 * latest. */
#define PART_MS 2000

void
watcher_on_line(
    const char *line, size_t len, int64_t end, bool alone, void *data)
{
	struct watcher *w = data;
	struct derive_arrival arrival = {
	    .time_us = watcher_time_at(w, end), .observed = w->live && alone};
	int64_t before = derive_last_step(w->derive);
	struct parts_line part = {.text = line, .len = len, .end = end};

	derive_line(w->derive, line, len, &arrival);
	if (derive_last_step(w->derive) > before) {
		part.number = before + 1;
		part.experiment = derive_last_experiment(w->derive);
	}
	if (w->caught_up)
		part.arrived_us = arrival.time_us;
	part.written_us = watcher_written_us(w);
	parts_line(&w->parts, &part);
	if (parts_is_open(&w->parts) && w->inotify != NULL &&
	    !w->part_timer.set)
		loop_timer_set(w->loop, &w->part_timer, PART_MS);
}

void
watcher_flush_parts(struct watcher *w)
{
	loop_timer_cancel(w->loop, &w->part_timer);
	parts_flush(&w->parts, clock_wall_us());
}

static void
on_part_timer(struct loop_timer *timer)
{
	watcher_flush_parts(timer->data);
}

/* Keeps the bytes that were read where the file itself does not have them, as
 * when it is packed; NULL: it has, or nothing can be kept. */
static char *
keep_unpacked(struct watcher *w)
{
	struct settle_kept kept = {.name = NULL};
	struct err err = ERR_INIT;
	struct stat st;

	if (w->tail.found < 0 || w->keep == NULL ||
	    (fstatat(w->dir_fd, RECORDS_FILE, &st, 0) == 0 &&
		st.st_dev == w->tail.device && st.st_ino == w->tail.inode))
		return NULL;
	if (lseek(w->tail.found, 0, SEEK_SET) < 0 ||
	    w->keep(RECORDS_FILE, PARTS_KEPT, w->tail.found, &kept, &err,
		w->data) < 0)
		watcher_remark(w, RECORDS_FILE,
		    "packed or under another name, and no copy can be kept: "
		    "--records has nothing to read");
	return kept.name;
}

static void
on_part(struct entry *e, void *data)
{
	struct watcher *w = data;
	char *path = text_path_text(w->path);

	if (!w->kept_asked)
		w->kept_records = keep_unpacked(w);
	w->kept_asked = true;
	e->records.path =
	    xasprintf("%s/" RECORDS_FILE, strcmp(path, "/") == 0 ? "" : path);
	if (w->kept_records != NULL)
		e->records.kept = xstrdup(w->kept_records);
	free(path);
	w->emit(e, w->data);
}

void
watcher_init_parts(struct watcher *w, const struct watcher_config *config)
{
	struct parts_config parts = {.wanted = config->records,
	    .max = config->records_max,
	    .from = config->records_from,
	    .emit = on_part,
	    .data = w};

	parts_init(&w->parts, &parts);
	w->part_timer = (struct loop_timer){.fire = on_part_timer, .data = w};
}
