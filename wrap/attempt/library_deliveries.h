/*
 * The deliveries of a journal that another process is writing: all of them
 * together, as the library's worker asks and its program hears of them.
 */
#ifndef WRAP_ATTEMPT_LIBRARY_DELIVERIES_H
#define WRAP_ATTEMPT_LIBRARY_DELIVERIES_H

#include <stdbool.h>
#include <stddef.h>

#include "itrack/library_link.h"
#include "journal/index.h"
#include "tracker/tracker.h"

struct follow_deliveries {
	struct delivery **list;
	size_t len;
	char *remark; /* a tracker that could not begin */
};

/* One for each target of the journal that can begin. `changed`: as in
 * delivery_new(). */
void follow_deliveries_add(struct follow_deliveries *d, struct loop *loop,
    struct journal *journal, const struct entry *start,
    void (*changed)(struct delivery *delivery, void *data), void *data);
/* Those that are FINISHED: what they have put on this machine is on the disk. */
int follow_deliveries_make_durable(
    struct follow_deliveries *d, struct err *err);
/* Ends them; before the journal is closed. */
void follow_deliveries_end(struct follow_deliveries *d);
void follow_deliveries_release(struct follow_deliveries *d);

bool follow_deliveries_are(
    const struct follow_deliveries *d, enum delivery_state state);
bool follow_deliveries_are_settled(const struct follow_deliveries *d);
/* Nothing is pending but with those that are settled. */
bool follow_deliveries_have_all(const struct follow_deliveries *d);

/* Sums and the first reason over all trackers. */
void follow_deliveries_tell(
    const struct follow_deliveries *d, struct library_packet *packet);
/* Where each has put the run, and how much they rejected. */
void follow_deliveries_places(
    const struct follow_deliveries *d, struct index_entry *e);

#endif
