/*
 * Describes a run to a tracker before there is anything to deliver: the
 * tracker's options and the run's names. Two questions use it: where would the
 * run go (tracker_ops.destination), and could it (tracker_ops.examine)?
 */
#ifndef TRACKER_PLAN_H
#define TRACKER_PLAN_H

#include "base/err.h"
#include "journal/entry.h"

struct plan {
	const struct target *target; /* the options; paths are absolute */
	const char *project;
	const char *experiment; /* --experiment-name; NULL: not given */
	const char *run_dir;    /* the run directory, bytes; NULL: none known */
	const char *cwd;        /* of the command, for relative paths */
	bool from_library;      /* the calling program chose the project */
};

/* An option by its long name; NULL: not given. */
const char *plan_option(const struct plan *plan, const char *name);

/* The destination of the target: a text that is equal exactly for the same
 * place and project. Its fields are separated by tabs; the first is the
 * server's address or a directory ("http://host:5000\texperiment insidellms").
 * The function asks no server. Allocated; NULL: there is no such tracker, or it
 * can't be told now, because a file could not be looked at; `err` says which. */
char *plan_destination(const struct plan *plan, struct err *err);

/* Serves tracker_ops.destination of a tracker with a directory of runs
 * (tracker/about.h: root): gives that directory and the project in it. The
 * directory beside a run directory is one place, whatever name leads to it. */
char *plan_root_destination(const struct plan *plan, struct err *err);

#endif
