/*
 * Where a tracker that writes files puts a run: ROOT/<project>/<run ID>, each
 * name as one component of a path (path_encode), so that no name leads out of
 * ROOT. What is taken stays as it is: then <run ID>-2, <run ID>-3, ...
 */
#ifndef TRACKER_PLACE_H
#define TRACKER_PLACE_H

#include <stdbool.h>

#include "base/err.h"
#include "tracker/tracker.h"

/* The root, as the bytes of a path: the option if it is given, else
 * <parent of the run directory>/<below>. Allocated. */
char *place_root(const struct tracker *t, const char *option,
    const struct run_info *run, const char *below);

/* The run's name for a path: its ID, else the name of its directory. */
const char *place_run_id(const struct run_info *run);

/* Makes the run's directory and the missing ones above it, mode 0777 & ~umask;
 * mkdir decides between two that want the same name. A directory that is there
 * and `is_ours` (may be NULL) is taken over: it is left from a process that
 * ended between making it and saying so. Returns a descriptor of the directory
 * or a negative errno; *path is allocated. */
int place_take(const char *root, const char *project, const char *run_id,
    bool (*is_ours)(int dirfd, const char *name, void *data), void *data,
    char **path, struct err *err);

/* Opens a directory that was taken before, or makes it again if it is gone;
 * temporary files that a killed process left there are removed. */
int place_return(const char *path, struct err *err);

/* Remembers `path` for place_return and says it in the report. */
void place_remember(struct tracker *t, const char *path);
/* NULL: nothing remembered. Allocated. */
char *place_recall(const struct tracker *t);

#endif
