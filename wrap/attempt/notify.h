/*
 * Tells the targets of --notify how a run ended: each once, by the process that
 * has written so into the journal's end, and never later than the drain.
 *
 *	attempt_name_targets(a, &end);    before the end is written
 *	attempt_notify(a);                when it is
 *	attempt_notify_until(a, ms);      gives up what is under way by then
 *	attempt_notify_turn(a);           in each turn: W&B's alert waits for its run
 *	attempt_has_notified(a);
 *	attempt_notify_free(a);
 *
 * What does not arrive is not tried again: the target may have got it.
 */
#ifndef WRAP_ATTEMPT_NOTIFY_H
#define WRAP_ATTEMPT_NOTIFY_H

#include "journal/entry.h"
#include "wrap/attempt/attempt.h"

void attempt_name_targets(const struct attempt *a, struct entry_end *end);
void attempt_notify(struct attempt *a);
void attempt_notify_until(struct attempt *a, int64_t ms);
void attempt_notify_turn(struct attempt *a);
/* Has every target an answer, or been given up? */
bool attempt_has_notified(const struct attempt *a);
void attempt_notify_free(struct attempt *a);

#endif
