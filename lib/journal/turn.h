/*
 * One process at a time looks what there is of a run directory and, if that is
 * nothing, begins an attempt with it. Several `itrack import` of the same
 * directories, beside commands that write them, would else both find nothing.
 *
 *	turn = turn_take(state_dir, inode, TURN_WAIT_MS, &err);
 *	... look; begin, with the first entry flushed; or take over ...
 *	turn_give_back(turn);
 *
 * <state>/directories.lock: a lock of the kind that belongs to an open file, on
 * the byte that has the directory's inode as its number. It goes with the
 * process, however that ends, and leaves nothing to tidy up. Two directories
 * with one number wait for each other.
 */
#ifndef JOURNAL_TURN_H
#define JOURNAL_TURN_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* Looking reads the records once: seconds for gigabytes. */
#define TURN_WAIT_MS 60000

/* There is no place for journals either: nobody is to be waited for. */
#define TURN_NONE INT_MAX

/* A turn, or TURN_NONE; or a negative errno. -EBUSY: who has it did
 * not give it back in `wait_ms`. The state directory is made if need be. */
int turn_take(
    const char *state_dir, int64_t inode, int wait_ms, struct err *err);
void turn_give_back(int turn);

/* A worker says that it is there: who finds a directory of this moment gives it
 * the time to begin with it. Goes with the process. The descriptor, or a
 * negative number: there is no place for it. */
int turn_announce(const char *state_dir);
/* Is there any? */
bool turn_is_announced(const char *state_dir);

#endif
