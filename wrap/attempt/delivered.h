/*
 * Makes a line of the index of a journal that every tracker that it names has taken
 * whole, for the worker, the commands and the library's worker. What the trackers
 * wrote on this machine is brought to the disk, the index gets the line, and only
 * then the journal goes. A process that is killed in between
 * leaves a journal, and whoever takes it up does the rest.
 *
 *	if (delivered_everywhere(&d))
 *		result = delivered_to_index(&d, &line, &err);
 */
#ifndef WRAP_ATTEMPT_DELIVERED_H
#define WRAP_ATTEMPT_DELIVERED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "journal/index.h"
#include "journal/journal.h"
#include "tracker/tracker.h"

/* All borrowed. */
struct delivered {
	const char *state_dir;
	struct journal *journal;
	struct delivery *const *deliveries;
	size_t len, target_len; /* of these, and of the journal's trackers */
	/* Another process had the journal, and may have added the line. */
	bool taken_up;
};

bool delivered_everywhere(const struct delivered *d);
/* Takes `line` over, which says of the run what the caller knows, and adds the
 * attempt and what became of each delivery. */
int delivered_to_index(
    const struct delivered *d, struct index_entry *line, struct err *err);

/* The same for several of one state directory, with one sync of what was
 * delivered and one of the index. Each has its own result. */
struct delivered_run {
	struct delivered d;
	struct index_entry line;
	bool has_line; /* it stands in the index already */
	int result;
	struct err err;
};
void delivered_to_index_all(struct delivered_run *runs, size_t len);

#endif
