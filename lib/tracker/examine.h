/*
 * `itrack doctor` asks a tracker before a run depends on it: is it configured
 * and reachable, may we write there, which version runs, what would go where?
 * The tracker answers in tracker_ops.examine with any number of lines; it
 * creates and changes nothing.
 */
#ifndef TRACKER_EXAMINE_H
#define TRACKER_EXAMINE_H

#include "tracker/plan.h"

enum verdict {
	VERDICT_GOOD, /* fine */
	VERDICT_NOTE, /* fine, but worth knowing */
	VERDICT_BAD,  /* would not be delivered; the text says what to do */
};

struct examination {
	const struct plan *plan; /* options with their secrets */
	/* Takes one line of plain bytes. */
	void (*say)(void *data, enum verdict verdict, const char *line);
	void *data;
};

/* Says one line. */
void examine_say(const struct examination *x, enum verdict verdict,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Checks whether files can be made below `dir`, or below its nearest parent
 * that exists, and says so; `what` names their purpose ("runs"). */
void examine_directory(
    const struct examination *x, const char *dir, const char *what);

/* Checks in the same way the directory of runs of a tracker that has one
 * (tracker/about.h: root): the given one, else the one beside each run
 * directory. */
void examine_root(const struct examination *x);

#endif
