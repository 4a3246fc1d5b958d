/*
 * Follows one run directory and makes journal entries from the program's files.
 * Others need only this header to follow a run. The watcher only reads the
 * directory.
 *
 *	watcher_new(&w, loop, inotify, &config, &err);
 *	... on its own: entries come by config.emit as records arrive ...
 *	watcher_end(w, &end);    the writer has ended: last lines, end values,
 *	                         artifacts
 *	watcher_free(w);
 *
 * START and END entries are the caller's.
 */
#ifndef WATCHER_WATCHER_H
#define WATCHER_WATCHER_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/err.h"
#include "base/loop.h"
#include "mapping/derive.h"
#include "watcher/artifacts.h"
#include "watcher/tail.h"
#include "watcher/inotify.h"

/* These values identify a directory; an inode alone may be used again. */
struct watcher_identity {
	uint64_t device, inode;
	int64_t birth_ns; /* 0: not known */
};

/* May it be the directory of which a journal has this inode and birth? A birth that
 * is not known tells nothing apart. */
bool watcher_identity_fits(
    const struct watcher_identity *now, int64_t inode, int64_t birth_ns);
/* Is it that directory for certain, wherever it was moved? Both births are known. */
bool watcher_identity_proves(
    const struct watcher_identity *now, int64_t inode, int64_t birth_ns);
bool watcher_identity_equal(
    const struct watcher_identity *a, const struct watcher_identity *b);
/* Identifies the directory at `path`; symbolic links are followed. */
int watcher_identify(
    const char *path, struct watcher_identity *identity, struct err *err);

/* Tells a file from another one of the same name, by device, inode and time of
 * change. */
struct watcher_stamp {
	bool there;
	int code; /* it could not be looked at: a negative errno */
	uint64_t device, inode;
	int64_t mtime_ns, ctime_ns;
};

enum watcher_event {
	/* The directory or its records were replaced, so the path leads to
	 * another run. This attempt ends with what it has; a new one may follow
	 * the directory. */
	WATCHER_REPLACED,
	/* The manifest exists and was read, with all records before it: the run
	 * is complete. The writer may still go on (a harness has more
	 * files). */
	WATCHER_COMPLETE,
};

struct watcher_config {
	const char *path; /* bytes, as opened */
	/* A descriptor of the directory, borrowed. The path need not lead to
	 * it, because it may have moved, or the path may belong to another
	 * mount namespace. 0: the path is opened. */
	int dir_fd;
	struct derive_config derive; /* run_dir is path as text */
	enum artifact_choice artifacts;
	/* Live: entries carry the time of arrival. Else they carry the files'
	 * times: the marker's for the start, the last document's for the end,
	 * and between them a time by the place in the file. */
	bool live;
	/* Adoption: the journal has so many derived entries already. */
	uint64_t skip_entries;
	bool configured; /* and the params of the configuration */
	/* RECORDS entries are wanted, of so many (0: all), from this offset. */
	bool records;
	int64_t records_max, records_from;
	/* A manifest with this stamp existed before, so it is no result of this
	 * run. */
	struct watcher_stamp old_manifest;
	/* A manifest that changed before this time (by the clock of file times)
	 * is none either. */
	struct timespec not_before;
	derive_emit *emit;
	/* As in struct settle_config; or NULL. */
	int (*keep)(const char *name, int number, int fd,
	    struct settle_kept *kept, struct err *err, void *data);
	void (*event)(enum watcher_event event, void *data);
	void *data;
};

struct watcher;

/* inotify NULL: there are no events, and watcher_end() reads everything. The loop
 * or watcher_scan() makes the first scan. */
int watcher_new(struct watcher **watcher, struct loop *loop,
    struct inotify *inotify, const struct watcher_config *config,
    struct err *err);
void watcher_free(struct watcher *w);

/* Reads now whatever is new. */
void watcher_scan(struct watcher *w);

struct watcher_end {
	/* time_us and documents are filled in here. */
	struct derive_finish finish;
	/* Another run has begun in the directory: files that were taken before
	 * are not looked at again. */
	bool superseded;
};

/* Emits everything that is left: last lines, end values, artifacts. Returns
 * whether a manifest of this run was read that does not deny that the run is
 * complete. If something is there and can't be read, it emits none of that
 * (watcher_is_unread()). After this only watcher_free() may be called. */
bool watcher_end(struct watcher *w, const struct watcher_end *end);

/* Was such a manifest read by now? */
bool watcher_is_complete(const struct watcher *w);
/* Takes a file of the run as its writer opened it or renamed it into place,
 * `fd` borrowed, because its name may be gone by now. Returns a negative errno
 * if it could not be opened. */
void watcher_take_file(struct watcher *w, const char *name, int fd);
/* Returns when the directory changed last (monotonic). */
int64_t watcher_changed_ms(const struct watcher *w);
/* Was there at the end a file that could not be looked at and was not taken
 * before? Then watcher_end() emitted no end; who looks again may find the run
 * whole. */
bool watcher_is_unread(const struct watcher *w);
/* Did the manifest count more records than could be read? */
bool watcher_is_short(const struct watcher *w);

/* When the run ended: one that nobody watched, by its files' times; a live one when
 * watcher_end() had read the last line. */
int64_t watcher_end_us(const struct watcher *w);
/* When a run began that nobody watched, by its files; `now_us` if they don't
 * tell. */
int64_t watcher_first_us(const char *run_dir, int64_t now_us);

const struct derive *watcher_derive(const struct watcher *w);
const struct tail *watcher_tail(const struct watcher *w);
const struct watcher_identity *watcher_identity(const struct watcher *w);
/* The manifest that was read last; not there: none was. */
const struct watcher_stamp *watcher_manifest(const struct watcher *w);
/* Returns where the directory was at the end, as text, or NULL if no path led
 * to it. */
const char *watcher_end_place(const struct watcher *w);

/* The stamp of a file in a run directory; there = false if it does not exist.
 * If it could not be looked at, `code` says why. */
struct watcher_stamp watcher_stamp(const char *dir_path, const char *name);

/* Remarks for the report (unreadable files, refused artifacts), one a line; ""
 * if there are none. */
const char *watcher_remarks(const struct watcher *w);

#endif
