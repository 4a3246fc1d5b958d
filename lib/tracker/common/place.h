/*
 * Where a tracker that writes files puts a run: ROOT/<project>/<run ID>, each
 * name as one component of a path (path_encode), so that no name leads out of
 * ROOT. What is taken stays as it is: then <run ID>-2, <run ID>-3, ..., the same
 * number in all trackers of an attempt. Who needs the number first takes the
 * directories of all of them; a mark in each says whose it is, so that the same
 * attempt comes back to its directories, also where its cursor is lost.
 */
#ifndef TRACKER_COMMON_PLACE_H
#define TRACKER_COMMON_PLACE_H

#include <stdbool.h>

#include "base/err.h"
#include "tracker/tracker.h"

/* An option of the target that names the run's directory itself, as a text: the
 * library has made that directory already, so nothing below the root is
 * searched. */
#define PLACE_OPTION "place"

/* The directory that has a tracker's runs, as the bytes of a path: `given` (a
 * text), else the folder beside the run directory (bytes). Allocated; NULL:
 * neither is known. */
char *place_root_of(
    const struct tracker_about *about, const char *given, const char *run_dir);

/* The root, as the bytes of a path: the tracker's option if it is given, else a
 * folder beside the run directory. Allocated. */
char *place_root(const struct tracker *t, const struct run_info *run);

/* The same for another tracker of the attempt, with `given` or without. */
char *place_root_for(const struct tracker_about *about, const char *given,
    const struct run_info *run);
/* Opens the root that the user named, and makes it if need be; links in it are
 * followed. */
int place_open_root(const char *root, struct err *err);

/* The run's name for a path: its ID, else the name of its directory. */
const char *place_run_id(const struct run_info *run);

/* Makes the run's directory below `root` and the missing ones above it, mode
 * 0777 & ~umask, or finds the one of an earlier process of this attempt again
 * (*again; made anew if it is gone). `root` may be a symbolic link; below it no
 * link is followed. The tracker remembers the directory, and the report names
 * it. Returns a descriptor of it or a negative errno; *path is allocated. */
int place_open(struct tracker *t, const char *root, const struct run_info *run,
    char **path, bool *again, struct err *err);

/* The `prepare` of a tracker whose open() calls place_open(). */
void place_prepare(struct tracker *t, const struct run_info *run);

/* The word in the names of this attempt's temporary files (base/tempfile.h): the
 * random part of its name, which the next process of the attempt knows as well.
 * Borrowed. NULL: the name has none. */
const char *place_word(const char *attempt);

#endif
