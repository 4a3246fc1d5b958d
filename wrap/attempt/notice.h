/*
 * What --notify tells of a run that has ended: names and numbers, and no text of
 * a record.
 *
 *	event = notice_event(a);
 *	notice_make(&n, a, event);
 *	... n.json, n.slack, n.discord ...
 *	notice_release(&n);
 */
#ifndef WRAP_ATTEMPT_NOTICE_H
#define WRAP_ATTEMPT_NOTICE_H

#include "base/buf.h"
#include "wrap/attempt/attempt.h"

#define NOTICE_VERSION 1

struct notice {
	/* {"version":1,"event":...,"text":...,"run":{...},"metrics":{...},
	 * "trackers":[...]} for programs and webhooks. */
	struct buf json;
	struct buf slack, discord; /* what these two take, JSON as well */
	struct buf text;           /* the lines alone */
};

/* "finished", "failed", "killed", or "stopped" by a rule of --stop-if. */
const char *notice_event(const struct attempt *a);
/* The journal must hold all entries of the run. */
void notice_make(struct notice *n, const struct attempt *a, const char *event);
void notice_release(struct notice *n);

#endif
