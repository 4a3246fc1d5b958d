/*
 * What `itrack doctor` asks a tracker before a run depends on it: is it
 * configured, reachable, allowed, which version, what would go where. A tracker
 * answers in tracker_ops.examine, by any number of lines; it creates and
 * changes nothing anywhere.
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

/* One line. */
void examine_say(const struct examination *x, enum verdict verdict,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Can files be made below `dir`, or below its nearest parent that exists? Says
 * so, with `what` it is for ("runs"). */
void examine_directory(
    const struct examination *x, const char *dir, const char *what);

/* The same for a tracker with a directory of runs (tracker/about.h: root): the
 * one that was given, else the one beside each run directory. */
void examine_root(const struct examination *x);

#endif
