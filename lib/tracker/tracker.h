/*
 * The interface of one destination, and the engine that feeds it from the
 * journal. A tracker knows entries and its own format or protocol; it has no
 * timer for retries, no log, no thread, no file but its own output. Batching,
 * pace, retry with backoff, deadlines, lanes and the cursor are the engine's.
 *
 *	delivery = delivery_new(...);      one for each tracker of an attempt
 *	delivery_kick(delivery);           after every journal_flush
 *	delivery_drain(delivery, ms);      after the command ended
 *	delivery_status(delivery, &s);     for the report
 *	delivery_free(delivery);
 */
#ifndef TRACKER_TRACKER_H
#define TRACKER_TRACKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/loop.h"
#include "journal/entry.h"
#include "journal/journal.h"
#include "tracker/about.h"
#include "tracker/examine.h"
#include "tracker/plan.h"

/* What became of a call.
 * DONE:     confirmed. For send: the first batch->done entries (all of them
 *           unless the tracker lowers it) were taken; of these
 *           batch->rejected were refused for good and are counted. Entries not
 *           taken come again, with more behind them.
 * PENDING:  under way; exactly one tracker_done() follows, close() cancels it.
 * RETRY:    not now (network, 5xx, 429): the engine backs off and repeats the
 *           same call with the same entries. batch->done counts here too.
 * REJECTED: this item (open: this run) is refused for good: the first entry
 *           behind batch->done is skipped and counted; the next goes on.
 * BLOCKED:  this destination refuses us for now (key, disk, no URI): no further
 *           try in this process, nothing is lost. */
enum outcome {
	OUTCOME_DONE,
	OUTCOME_PENDING,
	OUTCOME_RETRY,
	OUTCOME_REJECTED,
	OUTCOME_BLOCKED,
};

/* What a tracker may know of the run when it opens it. Borrowed, valid until
 * close(). */
struct run_info {
	const struct entry_start *start;
	int64_t started_us; /* the start entry's time */
	const char *run_id; /* insideLLMs'; NULL: not known yet */
	bool again;         /* the cursor says that it was opened before */
};

struct run_end {
	const struct entry_end *end;
	int64_t ended_us; /* the end entry's time */
};

/* Entries of one lane, in journal order; start and end entries never appear
 * (open and finish carry them). A PARAMS, RUN_ID or EXPERIMENT entry travels in
 * the metrics lane, before any metrics entry that needs it. */
struct batch {
	enum lane lane;
	const struct entry *entries;
	size_t count;
	bool last;       /* the run has ended: nothing follows in this lane */
	size_t done;     /* in: count */
	size_t rejected; /* in: 0 */
};

/* Which call a late answer belongs to. */
enum tracker_call {
	CALL_OPEN,
	CALL_SEND_METRICS,
	CALL_SEND_FILES,
	CALL_FINISH
};

struct tracker;

/* One destination. Plain data, one for each tracker in list.h; every member but
 * the flags and sync is mandatory. */
struct tracker_ops {
	const struct tracker_about *about;
	size_t state_size; /* of tracker->state, zeroed before configure */
	int pace_ms;       /* least time between two sends of a lane */
	int deadline_ms; /* of a PENDING call without progress; 0: 3 minutes */
	int idle_ms;     /* an empty metrics batch after this long; 0: never */
	/* Open only when the run ID is known (at the latest at the end). */
	bool needs_run_id;
	/* A reopened run gets its entries from the start, whatever the cursor
	 * says: the output is written anew from the journal. */
	bool from_start;
	/* It sends to another machine: entries are on the disk before it gets
	 * them (a tracker without from_start always has them there). */
	bool remote;
	/* The files lane goes before finish (true) or may go on after it. */
	bool files_before_finish;
	/* Take the options (tracker_option), each already checked for form. No
	 * I/O: files with credentials are read in open. */
	int (*configure)(struct tracker *t, struct err *err);
	/* Take up the run: create it, or find it again from the cursor's state
	 * (tracker_recall). */
	enum outcome (*open)(
	    struct tracker *t, const struct run_info *run, struct err *err);
	/* Deliver `batch` (borrowed until the outcome is known), in order. At
	 * most one send per lane is under way. */
	enum outcome (*send)(
	    struct tracker *t, struct batch *batch, struct err *err);
	/* Say how the run ended. */
	enum outcome (*finish)(
	    struct tracker *t, const struct run_end *end, struct err *err);
	/* Where a run goes (plan_destination in tracker/plan.h). */
	char *(*destination)(const struct plan *plan);
	/* What `itrack doctor` says of it (tracker/examine.h). Nothing was
	 * configured or opened. */
	void (*examine)(const struct examination *x);
	/* Put on the disk what was written on this machine (base/durable.h):
	 * after it a loss of power takes nothing. Once all is confirmed, before
	 * anything says so. NULL: nothing is. */
	int (*sync)(struct tracker *t, struct err *err);
	/* Give everything back; cancels what is under way. Called once, also
	 * after a failed configure or open. */
	void (*close)(struct tracker *t);
};

/* How the engine repeats a call that failed. A tracker whose user has words of
 * his own for that sets it in open(). */
struct retry {
	int64_t first_ms; /* the first wait; each further one twice as long */
	int most; /* in a row, then BLOCKED; -1: as long as there is time */
	bool ignore_retry_after;
};

struct tracker {
	const struct tracker_ops *ops;
	struct loop *loop;
	struct retry retry;
	void *state; /* ops->state_size bytes, the tracker's own */
	struct delivery *delivery; /* the engine's, private */
};

/* --- what a tracker may call ---------------------------------------- */

/* An option of this attempt by its long name ("mlflow-uri"); NULL: not given.
 */
const char *tracker_option(const struct tracker *t, const char *name);

/* What is asked of it for the run that starts so. Borrows from both. */
struct plan tracker_plan(
    const struct tracker *t, const struct entry_start *start);

/* Its memory across restarts, kept in the cursor, on disk before the engine's
 * next call. NULL: nothing under that name. */
const char *tracker_recall(const struct tracker *t, const char *name);
void tracker_remember(struct tracker *t, const char *name, const char *text);
/* The same for what can be found again, or made anew from entries that the
 * cursor has not passed: on disk when it moves. */
void tracker_remember_later(
    struct tracker *t, const char *name, const char *text);

/* Where to look, for the report: a path, a URL, a command. */
void tracker_set_place(struct tracker *t, const char *place);

/* One line in the report; the same line again is dropped. */
void tracker_note(struct tracker *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same for something that was refused for good; the first one is also what
 * the program that waits for the end hears. */
void tracker_refused(struct tracker *t, const char *what, const char *why);

/* The same for something that the destination has in another form than it was
 * given (a name, a value that was cut); the program that waits for the end
 * hears of it, too. */
void tracker_altered(struct tracker *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Something moved (bytes of an upload): a drain goes on while it does. */
void tracker_progress(struct tracker *t);

/* The answer to a call that was PENDING. Not PENDING here. For the sends the
 * batch's done and rejected were set before. retry_after_ms: the server's
 * Retry-After, 0 if none. May be called from any loop callback, not from within
 * the call itself. */
void tracker_done(struct tracker *t, enum tracker_call call,
    enum outcome outcome, int64_t retry_after_ms, const struct err *err);

/* --- the table ------------------------------------------------------- */

/* tracker_NAME of each. */
#define TRACKER(name) extern const struct tracker_ops tracker_##name;
#include "tracker/list.h"
#undef TRACKER

/* NULL: no such tracker. */
const struct tracker_ops *tracker_find(const char *name);
/* The i-th tracker; NULL behind the last. */
const struct tracker_ops *tracker_at(size_t i);

/* --- the engine ------------------------------------------------------ */

struct delivery;

enum delivery_state {
	DELIVERY_WAITING, /* not opened yet */
	DELIVERY_ACTIVE,
	DELIVERY_FINISHED, /* everything is there */
	DELIVERY_BLOCKED,
	DELIVERY_GIVEN_UP, /* the drain is over; the rest waits in the journal
			    */
};

struct delivery_status {
	const char *tracker;
	enum delivery_state state;
	uint64_t delivered, rejected; /* entries */
	uint64_t pending;        /* entries in the journal not yet confirmed */
	const char *place;       /* NULL: none */
	const char *destination; /* as in struct target; NULL: not known */
	const char *why;         /* last error, "" if none */
	const char *refusal;     /* the first of those rejected; "" if none */
	const char *altered; /* what tracker_altered() said, one a line; "" */
	const char *const *notes;
	size_t note_len;
	bool ever_answered; /* this process got a confirmation */
};

/* What an attempt's deliveries have in common. Journal, loop and start outlive
 * them. */
struct delivery_config {
	struct loop *loop;
	struct journal *journal;
	const struct entry_start *start;
	int64_t started_us;
	/* From the loop, when the state becomes FINISHED or BLOCKED. */
	void (*changed)(struct delivery *d, void *data);
	void *data;
};

/* Delivers the journal to the tracker that `target` names, with its options.
 * -EINVAL: no such tracker or bad options. */
int delivery_new(struct delivery **delivery,
    const struct delivery_config *config, const struct target *target,
    struct err *err);
void delivery_free(struct delivery *d);

/* Of one that is FINISHED: what it has put on this machine is on the disk, so
 * that the journal may go. Again: nothing. */
int delivery_make_durable(struct delivery *d, struct err *err);

/* The journal has new entries. */
void delivery_kick(struct delivery *d);

/* From now on at most `ms` milliseconds, and only while there is progress; then
 * nothing more is started. What waits for a retry is tried at once. */
void delivery_drain(struct delivery *d, int64_t ms);
/* Nothing left to wait for: finished, blocked or given up. */
bool delivery_is_settled(const struct delivery *d);

void delivery_status(const struct delivery *d, struct delivery_status *status);

#endif
