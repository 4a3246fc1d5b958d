/*
 * A lock for each run directory: one process at a time looks for its attempts and
 * begins one if there is none. Otherwise several `itrack import` of the same directories,
 * beside commands that write them, would all find nothing, and each would begin
 * one.
 *
 *	turn = begin_lock_take(state_dir, inode, BEGIN_LOCK_WAIT_MS, &err);
 *	... look; begin, with the first entry flushed; or take over ...
 *	begin_lock_give_back(turn);
 *
 * It is a lock on one byte of <state>/directories.lock: the byte's number
 * is the directory's inode. The lock belongs to an open file, so it ends with
 * the process, however that ends, and leaves nothing to tidy up. Two
 * directories whose inodes have the same number wait for each other.
 */
#ifndef JOURNAL_BEGIN_LOCK_H
#define JOURNAL_BEGIN_LOCK_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* Looking reads the records once: seconds for gigabytes. */
#define BEGIN_LOCK_WAIT_MS 60000

/* The lock file can't be made or locked. Then no journal can be kept there
 * either, and nobody has to wait. */
#define BEGIN_LOCK_NONE INT_MAX

/* Returns a turn, BEGIN_LOCK_NONE, or a negative errno. -EBUSY: the process that has
 * it did not give it back in `wait_ms`. The state directory is made if need
 * be. */
int begin_lock_take(
    const char *state_dir, int64_t inode, int wait_ms, struct err *err);
void begin_lock_give_back(int turn);

/* A worker says that it is there: who finds a directory of this moment gives it
 * the time to begin with it. Goes with the process. The descriptor, or a
 * negative number: there is no place for it. */
int begin_lock_announce(const char *state_dir);
/* Is there any? */
bool begin_lock_is_announced(const char *state_dir);

#endif
