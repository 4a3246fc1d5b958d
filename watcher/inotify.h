/*
 * inotify on directories: one instance for the whole process, watches with a
 * callback each. A callback is not told what changed; it has to scan, because
 * events can be lost (queue overflow) and merged.
 *
 * After each batch of events the module rests for 3 ms, so a change may be seen that
 * much later.
 *
 * Where there are no events (network file systems, limits reached) the module
 * calls every watch of that kind once in INOTIFY_SLOW_MS.
 */
#ifndef WATCHER_INOTIFY_H
#define WATCHER_INOTIFY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/tree.h>

#include "base/err.h"
#include "base/loop.h"

/* How long a change on a file system without events may go unseen. */
#define INOTIFY_SLOW_MS 1000

struct inotify;

struct inotify_watch {
	/* Something changed in the directory, or may have. */
	void (*changed)(struct inotify_watch *watch);
	void *data;     /* the user's own */
	int descriptor; /* private from here */
	bool slow, added, due;
	struct inotify *inotify;
	uint64_t number;
	RB_ENTRY(inotify_watch) node; /* among those that the kernel has */
	TAILQ_ENTRY(inotify_watch) slow_link, due_link;
};

/* Never fails: without inotify every watch is a slow one. */
struct inotify *inotify_new(struct loop *loop);
/* The caller must have removed its watches before. */
void inotify_free(struct inotify *inotify);

/* Watches one directory (not what is below it). Returns 0, or a negative errno
 * if it can't be opened; a limit that was reached makes it a slow one, which
 * inotify_is_limited() tells. */
int inotify_add(struct inotify *inotify, struct inotify_watch *watch,
    const char *path, struct err *err);
void inotify_remove(struct inotify_watch *watch);

/* Returns why some watches are slow, as a text for the report, or NULL. */
const char *inotify_is_limited(const struct inotify *inotify);

#endif
