/*
 * Decides what is tracked already and so is not tracked again; `import` asks
 * this before it starts. Two runs are the same if the directory is (by its real
 * path, or, where it was moved, by its inode and birth) and the length and
 * checksum of the whole lines of the records are equal. A tracker has a run if
 * the index says so for the same destination (struct target) and, if that is a
 * directory, the directory still exists.
 */
#ifndef WRAP_ATTEMPT_ALREADY_TRACKED_H
#define WRAP_ATTEMPT_ALREADY_TRACKED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "journal/entry.h"

struct tracked {
	bool *has;     /* for each target: has, or will have, the run */
	char **places; /* where it is; NULL if not there (yet) */
	size_t len;
	size_t count; /* how many of them */
	/* An undelivered attempt of this directory with these records (or, if
	 * its run has no end, with the first of them); NULL: there is none. The
	 * targets of that attempt count as having the run. */
	char *pending;
	bool pending_live;    /* the owner of that attempt is alive */
	bool pending_unended; /* the run of that attempt has no end yet */
	bool pending_watched; /* an itrack watch follows it now */
	int64_t pending_us;   /* when it started */
	/* When its run ended; of one without an end as pending_us. */
	int64_t pending_end_us;
	/* Not all could be looked at: what is not found here may be there. */
	struct err failed;
	/* When the last delivered attempt of this directory with these records
	 * started, whatever its destination; 0: there is none. */
	int64_t delivered_us;
	int64_t delivered_end_us; /* when its run ended */
};

/* Looks among the pending journals and in the index, in this order: what leaves
 * the one is in the other before. `run_dir`: bytes. Without
 * targets: pending ones of any destination. */
void tracked_find(struct tracked *t, const char *state_dir, const char *run_dir,
    const struct target *targets, size_t len);
void tracked_release(struct tracked *t);

#endif
