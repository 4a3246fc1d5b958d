/* Decides when a run and its entries happened: those of a run that is watched now,
 * and those of one that nobody watched by the times of its files. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/path.h"
#include "mapping/names.h"
#include "watcher/identity.h"
#include "watcher/private.h"

int
watcher_read_file_times(struct watcher *w, struct err *err)
{
	struct watcher_stamp marker = watcher_stamp_of(w, MARKER_FILE);
	struct watcher_stamp config = watcher_stamp_of(w, CONFIG_FILE);
	struct watcher_stamp records = watcher_stamp_of(w, RECORDS_FILE);
	struct watcher_stamp manifest = watcher_stamp_of(w, MANIFEST_FILE);
	int codes[] = {marker.code, config.code, records.code, manifest.code};

	w->records_us = records.mtime_ns / 1000;
	w->end_us = (manifest.there ? manifest : records).mtime_ns / 1000;
	w->start_us = (marker.there          ? marker
			      : config.there ? config
					     : records)
			  .mtime_ns /
	    1000;
	if (w->start_us == 0 || w->start_us > w->end_us)
		w->start_us = w->end_us;
	for (size_t i = 0; !w->live && i < sizeof codes / sizeof codes[0]; i++)
		if (codes[i] < 0)
			return err_set(err, codes[i], "%s: %s", w->path,
			    strerror(-codes[i]));
	return 0;
}

/* In a run that is not live the time lies between the files' start and end, by the
 * place in the file, so that importing twice gives the same points. */
int64_t
watcher_time_at(const struct watcher *w, int64_t offset)
{
	if (w->live)
		return clock_wall_us();
	if (w->last_size <= 0)
		return w->end_us;
	return w->start_us +
	    (int64_t)((double)(w->end_us - w->start_us) *
		((double)offset / (double)w->last_size));
}

int64_t
watcher_written_us(const struct watcher *w)
{
	if (w->live)
		return w->tail.mtime_ns / 1000;
	return w->records_us > 0 ? w->records_us : w->end_us;
}

int64_t
watcher_end_us(const struct watcher *w)
{
	return w->end_us;
}

int64_t
watcher_first_us(const char *run_dir, int64_t now_us)
{
	static const char *const names[] = {
	    MARKER_FILE, CONFIG_FILE, RECORDS_FILE, MANIFEST_FILE};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		char *path = path_join(run_dir, names[i]);
		struct watcher_stamp stamp =
		    identity_stamp_through(AT_FDCWD, path);

		free(path);
		if (stamp.there)
			return stamp.mtime_ns / 1000;
	}
	return now_us;
}
