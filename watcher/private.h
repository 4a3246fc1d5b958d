/* Shared by watcher.c (while the run is written) and end.c (its manifest and
 * its end). */
#ifndef WATCHER_PRIVATE_H
#define WATCHER_PRIVATE_H

#include "watcher/subfolders.h"
#include "watcher/parts.h"
#include "watcher/watcher.h"

/* Documents are small; a larger one is hostile and must not eat the memory. */
#define WATCHER_DOCUMENT_MAX (8 * 1024 * 1024)

/* The number of the copy that is kept of records that are not what their name
 * holds: no artifact has it. */
#define PARTS_KEPT 1000

struct watcher {
	struct loop *loop;
	struct inotify *inotify;
	struct inotify_watch watch;
	struct loop_timer again; /* to read on in a large file */
	char *path;
	char *end_place;
	bool placed; /* the path led to the directory in the beginning */
	int dir_fd;  /* the directory, wherever it is; -1: given back */
	struct watcher_identity identity;
	struct tail tail;
	struct derive *derive;
	struct parts parts;
	struct loop_timer part_timer; /* set while a part has begun */
	bool caught_up;     /* what is read from now on is seen to arrive */
	bool kept_asked;    /* kept_records is decided */
	char *kept_records; /* what was kept of packed records; or NULL */
	int64_t records_us; /* of one not live: when they were written */
	bool live, ended;
	bool replaced;   /* another run has replaced its records or name */
	bool is_short;   /* the manifest counts more records than we read */
	bool unread;     /* something could not be looked at in the end */
	bool configured; /* the configuration was read, or never can be */
	bool superseded; /* another run has put its files there */
	uint64_t entries, skip_entries;
	int64_t start_us, end_us; /* the files' times */
	int64_t last_size;        /* of the records, when not live */
	int64_t changed_ms;
	struct watcher_stamp old_manifest;
	int64_t not_before_ns;
	struct watcher_manifest {
		bool there; /* read, and a JSON object */
		bool completed;
		struct watcher_stamp stamp;
		struct buf text, summary;
	} manifest;
	struct settle settle;
	struct subfolders *subfolders; /* allocated at the end of the run */
	derive_emit *emit;
	int (*keep)(const char *name, int number, int fd,
	    struct settle_kept *kept, struct err *err, void *data);
	void (*event)(enum watcher_event event, void *data);
	void *data;
	struct buf remarks;
};

void watcher_remark(struct watcher *w, const char *name, const char *why);
/* An error's message names the file itself. */
void watcher_remark_error(struct watcher *w, const struct err *err);
/* Remarks that something could not be looked at: then the run has no end. */
void watcher_unread(struct watcher *w, const struct err *err);
/* Once there are records, takes the params of the configuration, once. Of a run
 * that is being written only one that is new counts, until its end. */
void watcher_take_config(struct watcher *w, bool at_end);
/* A file of the run by its name: its stamp, and all that it holds. Of a run that is
 * not live, whose directory the user named, links are followed. */
struct watcher_stamp watcher_stamp_of(
    const struct watcher *w, const char *name);
int watcher_read_file(const struct watcher *w, const char *name,
    struct buf *text, struct err *err);
/* Appends what an open file holds that may have no name any more; `name` is for
 * the message. */
int watcher_read_held(
    int fd, const char *name, struct buf *text, struct err *err);
/* Reads on, so much that the loop goes on turning or `all` that is there now; returns
 * the tail's result. */
int watcher_read_records(struct watcher *w, bool all);
/* Is there one that was not taken yet, and was written behind the records? */
bool watcher_manifest_follows(const struct watcher *w);
/* If there is a new manifest of this run, takes it and the files beside it.
 * Returns whether it did. */
bool watcher_look_at_manifest(struct watcher *w);

void watcher_init_parts(struct watcher *w, const struct watcher_config *config);
/* Puts the records that were read into the journal. */
void watcher_flush_parts(struct watcher *w);

/* times.c */
/* Those of a run that nobody watched must be known. */
int watcher_read_file_times(struct watcher *w, struct err *err);
/* The time of an entry that the records up to this offset make. */
int64_t watcher_time_at(const struct watcher *w, int64_t offset);
/* When the records were last written, as far as their name tells that. */
int64_t watcher_written_us(const struct watcher *w);

/* Takes a whole line of the records; a tail_line. */
void watcher_on_line(
    const char *line, size_t len, int64_t end, bool alone, void *data);

#endif
