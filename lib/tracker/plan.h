/*
 * What is asked of a tracker for a run before there is anything to deliver:
 * its options and the run's names. Two questions go with it: where would the
 * run go (tracker_ops.destination), and could it (tracker_ops.examine).
 */
#ifndef TRACKER_PLAN_H
#define TRACKER_PLAN_H

#include "journal/entry.h"

struct plan {
	const struct target *target; /* the options; paths are absolute */
	const char *project;
	const char *experiment; /* --experiment-name; NULL: not given */
	const char *run_dir;    /* the run directory, bytes; NULL: none known */
	const char *cwd;        /* of the command, for relative paths */
	bool from_library;      /* the project was asked for by the program */
};

/* An option by its long name; NULL: not given. */
const char *plan_option(const struct plan *plan, const char *name);

/* Where the target puts the run: a text that is the same for the same place and
 * project and for no other, of fields with a tab between; the first is the
 * server's address or a directory ("http://host:5000\texperiment insidellms").
 * Asks no server. Allocated; NULL: there is no such tracker. */
char *plan_destination(const struct plan *plan);

/* For tracker_ops.destination of a tracker with a directory of runs
 * (tracker/about.h: root): that directory and the project in it. Beside a run
 * directory is one place, by whichever name that is called. */
char *plan_root_destination(const struct plan *plan);

#endif
