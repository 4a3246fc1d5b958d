/*
 * What --notify tells of a run that has ended: names and numbers, and no text of
 * a record.
 *
 *	event = notify_message_event(a);
 *	notify_message_make(&n, a, event);
 *	... n.json, n.slack, n.discord ...
 *	notify_message_release(&n);
 */
#ifndef WRAP_ATTEMPT_NOTIFY_MESSAGE_H
#define WRAP_ATTEMPT_NOTIFY_MESSAGE_H

#include "base/buf.h"
#include "wrap/attempt/attempt.h"

#define NOTIFY_MESSAGE_VERSION 1

struct notify_message {
	/* {"version":1,"event":...,"text":...,"run":{...},"metrics":{...},
	 * "trackers":[...]} for programs and webhooks. */
	struct buf json;
	struct buf slack, discord; /* what these two take, JSON as well */
	struct buf text;           /* the lines alone */
};

/* "finished", "failed", "killed", or "stopped" by a rule of --stop-if. */
const char *notify_message_event(const struct attempt *a);
/* The journal must hold all entries of the run. */
void notify_message_make(
    struct notify_message *n, const struct attempt *a, const char *event);
void notify_message_release(struct notify_message *n);

#endif
