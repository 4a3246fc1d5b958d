/*
 * One artifact of the local tracker on its way into artifacts/: piece by piece,
 * so that a large file holds nothing up, and under its name only when it is
 * whole. The source is what the entry says (size, modification time, inode), a
 * regular file, or it is rejected.
 *
 *	outcome = local_copy_begin(&copy, dirfd, artifact, host, reuse, &err);
 *	while (outcome == OUTCOME_PENDING)
 *		outcome = local_copy_step(&copy, &err);
 *	local_copy_cancel(&copy);              at any time
 */
#ifndef TRACKER_COMMON_COPY_H
#define TRACKER_COMMON_COPY_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/err.h"
#include "journal/entry.h"
#include "tracker/tracker.h"

struct local_copy {
	const struct entry_artifact *artifact; /* NULL: nothing under way */
	int from, to, folder;
	char *name;      /* in folder, as the next one */
	char *temporary; /* NULL once it is in place */
	struct stat source;
	int64_t copied;
};

/* A zeroed struct is at rest. */

/* The artifact's name as a relative path that leads nowhere else: each
 * component by path_encode. One that would be longer than LOCAL_COPY_NAME_MAX,
 * half of what a whole path may have, is a single component. Allocated. */
#define LOCAL_COPY_NAME_MAX 2048
char *local_copy_name(const char *artifact_name);

/* `reuse`: a copy of that size and time that is there already will do. DONE:
 * it did. PENDING: call local_copy_step. REJECTED: the source is not what was
 * recorded. BLOCKED: the place refuses. `host`: where the entry was made. */
enum outcome local_copy_begin(struct local_copy *c, int dirfd,
    const struct entry_artifact *artifact, const char *host, bool reuse,
    struct err *err);

/* Copies at most LOCAL_COPY_STEP bytes: some milliseconds on a slow disk. DONE:
 * the file stands. */
#define LOCAL_COPY_STEP ((size_t)4 * 1024 * 1024)
enum outcome local_copy_step(struct local_copy *c, struct err *err);

void local_copy_cancel(struct local_copy *c);

#endif
