/*
 * Files that outlive a loss of power: what was written is on the disk, under
 * its name, in its folder.
 */
#ifndef BASE_DURABLE_H
#define BASE_DURABLE_H

#include "base/err.h"

/* Everything that was written in and around the folder `path`: its file system
 * as a whole, by one syncfs(). That costs one commit, where a file and its
 * folder cost one each, and a run in MLflow's file store has sixty; in return
 * it waits for what others have written there as well. A folder that is gone
 * meanwhile is no error. */
int durable_folder(const char *path, struct err *err);

/* Who syncs many folders, and writes nothing meanwhile, puts the calls between
 * these two: each file system is then synced once, however many of the folders
 * are in it. */
void durable_round_begin(void);
void durable_round_end(void);

/* The names in the folder `name` of `fd` ("." for itself): those that files and
 * folders got in it, and lost. `path` is for the message. Where the file system
 * has no such call, there is nothing more to do. */
int durable_names(int fd, const char *name, const char *path, struct err *err);

/* The name of the folder `path`, and those of the folders above it. A folder
 * that we may not read is passed over: it is not ours, and was there before. */
int durable_path(const char *path, struct err *err);

#endif
