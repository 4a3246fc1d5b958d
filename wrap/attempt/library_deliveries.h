/*
 * The deliveries of a journal that another process is writing, for the
 * library's worker: it asks about all of them together and tells the program.
 */
#ifndef WRAP_ATTEMPT_LIBRARY_DELIVERIES_H
#define WRAP_ATTEMPT_LIBRARY_DELIVERIES_H

#include <stdbool.h>
#include <stddef.h>

#include "itrack/library_link.h"
#include "tracker/tracker.h"

struct follow_deliveries {
	struct delivery **list;
	size_t len;
	bool fresh;   /* the run has just begun; set before they are added */
	char *remark; /* on a tracker that could not begin */
};

/* Adds a delivery for each target of the journal that can begin. `changed`: as
 * in delivery_new(). */
void follow_deliveries_add(struct follow_deliveries *d, struct loop *loop,
    struct journal *journal, const struct entry *start,
    void (*changed)(struct delivery *delivery, void *data), void *data);
/* Ends them; before the journal is closed. */
void follow_deliveries_end(struct follow_deliveries *d);
void follow_deliveries_release(struct follow_deliveries *d);

bool follow_deliveries_are_settled(const struct follow_deliveries *d);
/* Has each begun the run, or settled? */
bool follow_deliveries_are_open(const struct follow_deliveries *d);
/* Are all entries delivered, except by deliveries that have settled? */
bool follow_deliveries_have_all(const struct follow_deliveries *d);

/* Gives the sums and the first reason over all trackers. */
void follow_deliveries_tell(
    const struct follow_deliveries *d, struct library_packet *packet);

#endif
