/*
 * Copies one artifact of the local tracker into artifacts/: piece by piece, so
 * that a large file holds nothing up. The copy gets its name only when it is
 * whole. The source must be a regular file with the size, modification time and
 * inode that the entry says, or it is rejected.
 *
 *	outcome = local_copy_begin(&copy, artifact, &way, &err);
 *	while (outcome == OUTCOME_PENDING)
 *		outcome = local_copy_step(&copy, &err);
 *	local_copy_cancel(&copy);              at any time
 */
#ifndef TRACKER_COMMON_ARTIFACT_COPY_H
#define TRACKER_COMMON_ARTIFACT_COPY_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/tempfile.h"
#include "journal/entry.h"
#include "tracker/tracker.h"

struct local_copy {
	const struct entry_artifact *artifact; /* NULL: nothing under way */
	int from, folder;
	char *name; /* in folder */
	struct tempfile to;
	struct stat source;
	int64_t copied;
	bool sync; /* before it gets its name */
};

/* A zeroed struct has no copy under way. */

/* The artifact's name as a relative path that leads nowhere else: each
 * component by path_encode. One that would be longer than LOCAL_COPY_NAME_MAX,
 * half of what a whole path may have, is a single component. Allocated. */
#define LOCAL_COPY_NAME_MAX 2048
char *local_copy_name(const char *artifact_name);

struct local_copy_way {
	int dirfd;        /* of the run's folder, which has artifacts/ */
	const char *word; /* of temporary files (place.h) */
	const char *host; /* where the entry was made; NULL: not known */
	bool reuse;       /* a large copy of that size and time is kept */
	bool comes_again; /* the entry does, after a loss of power */
	bool alone;       /* no other tracker gets the run's kept files */
	const char *name; /* in artifacts/, by local_copy_name(); NULL: the
			   * artifact's own */
};

/* DONE: an existing copy is kept, or the file that the journal keeps has become
 * the copy. PENDING: call local_copy_step. REJECTED: the
 * source is not the recorded file, or the name can't be used. BLOCKED: the
 * folder can't be written. */
enum outcome local_copy_begin(struct local_copy *c,
    const struct entry_artifact *artifact, const struct local_copy_way *way,
    struct err *err);

/* Copies at most LOCAL_COPY_STEP bytes: some milliseconds on a slow disk. DONE:
 * the copy is whole and has its name. */
#define LOCAL_COPY_STEP ((size_t)4 * 1024 * 1024)
enum outcome local_copy_step(struct local_copy *c, struct err *err);

void local_copy_cancel(struct local_copy *c);

/* Removes what a process that was killed left of a copy in artifacts/ itself: the
 * entry of that copy may be lost. */
void local_copy_forget(int dirfd, const char *word);

#endif
