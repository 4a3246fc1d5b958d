/*
 * What the search for runs could not look at, for the report: a place that
 * nobody could look into may hold a run. Only what is not there (ENOENT,
 * ENOTDIR) holds none for sure.
 *
 *	blind_spots_init(&u, not_before_ns);
 *	blind_spots_note_dir(&u, dir, -errno);
 *	blind_spots_forget(&u);         before one looks again
 *	blind_spots_add(&all, &u);      of several searches
 *	blind_spots_report(&all, report);
 *	blind_spots_release(&u);
 */
#ifndef WRAP_WORKER_SEARCH_BLIND_SPOTS_H
#define WRAP_WORKER_SEARCH_BLIND_SPOTS_H

#include <stddef.h>
#include <stdint.h>

#include "wrap/attempt/report.h"

/* So many are named; of the others the report has the number. */
#define BLIND_SPOTS_NAMED_MAX 3

struct blind_spots {
	int64_t not_before_ns;
	char *named[BLIND_SPOTS_NAMED_MAX]; /* "PATH: what is wrong" */
	size_t count;
};

/* `not_before_ns`: the file time of the launch. */
void blind_spots_init(struct blind_spots *u, int64_t not_before_ns);
void blind_spots_release(struct blind_spots *u);
void blind_spots_forget(struct blind_spots *u);

/* `code`, a negative errno, came of a look at this path. ENOENT and ENOTDIR are
 * answers and not noted. */
void blind_spots_note(struct blind_spots *u, const char *path, int code);
/* As blind_spots_note, for a directory that nobody has named as the run's. Where we may
 * not look (EACCES, EPERM) the command, which is of the same user, could hardly
 * write. So such a directory is noted only if we may write there, or if it is ours
 * and has changed since the launch. */
void blind_spots_note_dir(struct blind_spots *u, const char *dir, int code);

void blind_spots_add(struct blind_spots *all, const struct blind_spots *u);
/* One line, if there is anything to say. */
void blind_spots_report(const struct blind_spots *u, struct report *report);

#endif
