/* Decides whether a folder is still the one that was made for the run, for trackers
 * that write files: another one under its name gets nothing. */
#ifndef TRACKER_COMMON_SAME_FOLDER_H
#define TRACKER_COMMON_SAME_FOLDER_H

#include "base/err.h"
#include "tracker/tracker.h"

/* Is the folder `fd` the one that the tracker remembers under `key`? If nothing
 * is remembered there, this folder will be, together with the next thing
 * remembered. -ESTALE: another folder has its name; nothing may be written
 * there. `path` is for the message. */
int same_folder_check(struct tracker *t, const char *key, int fd,
    const char *path, struct err *err);
/* Forgets what is remembered under `key`: it is gone, and its successor will be
 * remembered instead. */
void same_folder_forget(struct tracker *t, const char *key);

#endif
