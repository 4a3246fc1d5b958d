/*
 * A record that is alone in a request which the server refuses, or at which it
 * fails: decides how much of the record goes next. Pure functions.
 *
 *	alone_cut(&row, alone.form);
 *	... a request with it ...
 *	switch (alone_answer(&alone, outcome, at_fault, &err)) ...
 *
 * What the server refuses goes without its texts, and then not at all. A failure
 * (500, 422) may be the server's or the record's: after some in a row less of the record
 * goes, down to its ID and state, which no server has a reason to fail at. When the
 * server takes that, it is well, and the whole record goes once more: if it fails at
 * that again, the record is at fault.
 */
#ifndef TRACKER_ALONE_H
#define TRACKER_ALONE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "tracker/common/row.h"
#include "tracker/tracker.h"

/* How much of a record goes, the least last. */
enum alone_form {
	ALONE_WHOLE,
	ALONE_BARE,  /* without what --records=text adds */
	ALONE_PLACE, /* ID, state, number and times */
};

/* Zeroed before the first request. */
struct alone {
	enum alone_form form; /* of the next request; of what is there */
	/* A lesser form that was taken, after which the whole goes once more;
	 * ALONE_WHOLE: none was. */
	enum alone_form taken;
	int failures;   /* in a row, of the whole */
	struct err why; /* the last failure or refusal */
};

enum alone_next {
	ALONE_WAITS, /* the same comes again later, as the answer says */
	ALONE_AGAIN, /* at once, in `form` */
	ALONE_THERE, /* in `form` */
	ALONE_LOST,  /* `why` says why */
};

/* May a request that is to be tried again be itself what makes the server fail? A
 * server that asks for a rest (503, 429, Retry-After) says that it is the cause. One
 * that breaks the connection (`ambiguous`), or does not answer in time, may have met a
 * request that is too much for it. `status`: 0 if no answer came. */
bool alone_may_fail(int status, bool ambiguous, int64_t retry_after_ms);

/* `at_fault`: the request itself may be what makes the server fail, as far as the
 * answer tells. */
enum alone_next alone_answer(struct alone *alone, enum outcome outcome,
    bool at_fault, const struct err *err);

/* Takes out what does not belong to the form. */
void alone_cut(struct row *row, enum alone_form form);

#endif
