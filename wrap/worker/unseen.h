/*
 * What the search for runs could not look at, for the report: a place that
 * nobody could look into may hold a run. Only what is not there (ENOENT,
 * ENOTDIR) holds none for sure.
 *
 *	unseen_init(&u, not_before_ns);
 *	unseen_note_dir(&u, dir, -errno);
 *	unseen_forget(&u);              before one looks again
 *	unseen_add(&all, &u);           of several searches
 *	unseen_report(&all, report);
 *	unseen_release(&u);
 */
#ifndef WRAP_WORKER_UNSEEN_H
#define WRAP_WORKER_UNSEEN_H

#include <stddef.h>
#include <stdint.h>

#include "wrap/attempt/report.h"

/* So many are named; of the others the report has the number. */
#define UNSEEN_NAMED_MAX 3

struct unseen {
	int64_t not_before_ns;
	char *named[UNSEEN_NAMED_MAX]; /* "PATH: what is wrong" */
	size_t count;
};

/* `not_before_ns`: the file time of the launch. */
void unseen_init(struct unseen *u, int64_t not_before_ns);
void unseen_release(struct unseen *u);
void unseen_forget(struct unseen *u);

/* `code`, a negative errno, came of a look at this path. ENOENT and ENOTDIR are
 * answers and not noted. */
void unseen_note(struct unseen *u, const char *path, int code);
/* As unseen_note, for a directory that nobody has named as the run's. Where we may
 * not look (EACCES, EPERM) the command, which is of the same user, could hardly
 * write. So such a directory is noted only if we may write there, or if it is ours
 * and has changed since the launch. */
void unseen_note_dir(struct unseen *u, const char *dir, int code);

void unseen_add(struct unseen *all, const struct unseen *u);
/* One line, if there is anything to say. */
void unseen_report(const struct unseen *u, struct report *report);

#endif
