/*
 * What is tracked already: the question that `import` asks before it starts. A
 * run is the same by the real path of its directory and by the length and
 * checksum of the whole lines of its records; a tracker has it if the index
 * says so for the same destination (struct target) and, where that is a directory,
 * it still exists.
 */
#ifndef WRAP_ATTEMPT_REMEMBERED_H
#define WRAP_ATTEMPT_REMEMBERED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "journal/entry.h"

struct tracked {
	bool *has;     /* for each target: it is there already, or will be */
	char **places; /* where; NULL if not there (yet) */
	size_t len;
	size_t count; /* how many of them */
	/* An attempt of this directory, with these records (or the first of
	 * them, if its run has no end), that is not delivered; NULL: none. Its
	 * targets count as had. */
	char *pending;
	bool pending_live;    /* its owner lives */
	bool pending_unended; /* its run has no end yet */
	int64_t pending_us;   /* when it started */
	/* Not all could be looked at: what is not found here may be there. */
	struct err failed;
	/* When the last delivered attempt of this directory with these records
	 * started, wherever it went; 0: none. */
	int64_t delivered_us;
};

/* Looks among the pending journals and in the index, in this order: what leaves
 * the one is in the other before. `run_dir`: bytes. Without
 * targets: pending ones of any destination. */
void tracked_find(struct tracked *t, const char *state_dir, const char *run_dir,
    const struct target *targets, size_t len);
void tracked_release(struct tracked *t);

#endif
