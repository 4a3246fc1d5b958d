/*
 * Makes a directory that has the name of its attempt in it (the mark) as soon as
 * it has its own name: no kill and no loss of power leaves one of which nobody
 * knows whose it is.
 */
#ifndef TRACKER_COMMON_MARKED_H
#define TRACKER_COMMON_MARKED_H

#include "base/err.h"

/* The file with the attempt's name. */
#define MARKED_FILE ".itrack-attempt"
/* Umask decides, as for the directories that insideLLMs makes. */
#define MARKED_MODE 0777

/* Makes the directory `name` in the open folder `parent`. -EEXIST: another was
 * quicker. With marked_prepare() before, and marked_sync(), it takes the directory
 * that is there already, and the new name is not synced: who prepares syncs the
 * folder before anything else that is on the disk tells of the name. */
int marked_make(
    int parent, const char *name, const char *attempt, struct err *err);

/* Makes the directory of the attempt in `parent` (whose path is `path`), under a
 * name that it has until marked_make(). A failure is no matter: marked_make() makes
 * it anew, and tells the error. */
void marked_prepare(int parent, const char *path, const char *attempt);
/* All that were prepared are on the disk, marks and all: one sync for each file
 * system. Those that could not be synced count as not prepared. */
void marked_sync(void);

/* What is there of the attempt under the first name is of no use any more. */
void marked_leave(int parent, const char *attempt);
/* The same of what marked_prepare() made. */
void marked_leave_prepared(int parent, const char *attempt);
/* Removes a directory that has nothing but its mark. */
void marked_unmake(int parent, const char *name);

#endif
