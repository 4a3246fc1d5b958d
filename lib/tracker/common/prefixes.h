/*
 * The prefix of each experiment's names in a run with several experiments, for
 * trackers that tell experiments apart by name. The prefixes come from
 * EXPERIMENT entries; later entries carry an experiment's index.
 */
#ifndef TRACKER_COMMON_PREFIXES_H
#define TRACKER_COMMON_PREFIXES_H

#include <stddef.h>
#include <stdint.h>

#include "journal/entry.h"

struct prefixes {
	char **text; /* by index; NULL: not named yet */
	size_t len;
};

/* A zeroed struct is empty. */
void prefixes_release(struct prefixes *p);

void prefixes_name(
    struct prefixes *p, const struct entry_experiment *experiment);

/* "" for the run as a whole and for an index that was never named. */
const char *prefixes_of(const struct prefixes *p, int64_t experiment);

#endif
