/*
 * The interface of one destination, and the engine that feeds it from the
 * journal. A tracker knows entries and its own format or protocol; it has no
 * timer for retries, no log, no thread, no file but its own output. The engine
 * does batching, pace, retries with backoff, deadlines, lanes and the cursor.
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

/* What a tracker is told of the run when it opens it. Borrowed, valid until
 * close(). */
struct run_info {
	const struct entry_start *start;
	int64_t started_us; /* the start entry's time */
	const char *run_id; /* insideLLMs'; NULL: not known yet */
	bool again;         /* the cursor says that it was opened before */
	bool ended;         /* the journal has all of it already */
	bool fresh;         /* nobody has tried to open it before */
};

struct run_end {
	const struct entry_end *end;
	int64_t ended_us; /* the end entry's time */
};

/* Entries of one lane, in journal order; start and end entries never appear,
 * because open and finish carry them. A PARAMS, RUN_ID or EXPERIMENT entry
 * travels in the metrics lane, before any metrics entry that needs it.
 *
 * The records lane has one RECORDS entry a batch (tracker/common/rows.h reads
 * its rows). It is sent when everything before the entry is confirmed in the
 * other lanes, so that the run and those of experiments are there, and when
 * these have nothing to send. A tracker whose about says RECORDS_NONE gets none;
 * RECORDS_TRACES may get them after finish; RECORDS_TABLE gets all before it, or
 * with tracker.records_late may, too, and its last batch, which may be without
 * entries, behind finish. To a RECORDS_TABLE a batch that is the last always comes.
 * While a batch of records is under way, the other lanes go on: a tracker must
 * keep its requests apart. BLOCKED stops this lane alone. */
struct batch {
	enum lane lane;
	const struct entry *entries;
	size_t count;
	bool last;   /* the run has ended: nothing follows in this lane */
	size_t done; /* in: count */
	size_t
	    rejected; /* in: 0; of a batch without entries: what it settled */
	/* RETRY: a part of the first entry was taken, which counts as a success
	 * for the waits; in: false. */
	bool moved;
};

/* Tells which call a late answer belongs to. */
enum tracker_call {
	CALL_OPEN,
	CALL_SEND_METRICS,
	CALL_SEND_FILES,
	CALL_SEND_RECORDS,
	CALL_FINISH
};

struct tracker;

/* One destination. Plain data, one for each tracker in list.h; every member but
 * the flags, foretell and sync is mandatory. */
struct tracker_ops {
	const struct tracker_about *about;
	size_t state_size; /* of tracker->state, zeroed before configure */
	int pace_ms;       /* least time between two sends of a lane */
	int deadline_ms; /* of a PENDING call without progress; 0: 3 minutes */
	int idle_ms;     /* an empty metrics batch after this long; 0: never */
	/* The engine opens the run only when it knows the run ID, at the latest
	 * at the end. */
	bool needs_run_id;
	/* A reopened run gets its entries from the start, whatever the cursor
	 * says, because the tracker writes its output anew from the journal. */
	bool from_start;
	/* The tracker sends to another machine: the engine puts entries on the
	 * disk before it hands them over (for a tracker without from_start it
	 * always does), unless tracker_stays_here() was called. */
	bool remote;
	/* true: the engine sends the files lane before finish; false: the files
	 * lane may go on after it. */
	bool files_before_finish;
	/* Takes the options (tracker_option), whose form was checked before.
	 * Does no I/O: files with credentials are read in open. */
	int (*configure)(struct tracker *t, struct err *err);
	/* Makes what open() needs on the disk before it goes on, but syncs
	 * nothing: deliveries_prepare() syncs that of many runs at once
	 * (tracker/common/marked.h). It may fail, since open() makes what is not
	 * there. NULL: nothing. */
	void (*prepare)(struct tracker *t, const struct run_info *run);
	/* Takes up the run: creates it, or finds it again from the state in the
	 * cursor (tracker_recall). */
	enum outcome (*open)(
	    struct tracker *t, const struct run_info *run, struct err *err);
	/* Delivers `batch` (borrowed until the outcome is known), in order. At
	 * most one send per lane is under way. */
	enum outcome (*send)(
	    struct tracker *t, struct batch *batch, struct err *err);
	/* Tells the destination how the run ended. */
	enum outcome (*finish)(
	    struct tracker *t, const struct run_end *end, struct err *err);
	/* Tells where a run goes (plan_destination in tracker/plan.h). */
	char *(*destination)(const struct plan *plan, struct err *err);
	/* Says what `itrack doctor` reports (tracker/examine.h). Nothing was
	 * configured or opened before. */
	void (*examine)(const struct examination *x);
	/* Says in one line where runs of this plan will go, or what is known to
	 * be wrong with that (VERDICT_BAD), for who is about to start one. It
	 * reads what is on this machine, and asks nobody. NULL: nothing. */
	void (*foretell)(const struct examination *x);
	/* Put on the disk what was written on this machine (base/durable.h):
	 * after it a loss of power takes nothing. Once all is confirmed, before
	 * anything says so. NULL: nothing is. */
	int (*sync)(struct tracker *t, struct err *err);
	/* Give everything back; cancels what is under way. Called once, also
	 * after a failed configure or open. */
	void (*close)(struct tracker *t);
};

/* How the engine repeats a call that failed. A tracker whose user has set that
 * in the tracker's own way changes it in open(). */
struct retry {
	int64_t first_ms; /* the first wait; each further one twice as long */
	int most; /* in a row, then BLOCKED; -1: as long as there is time */
	bool ignore_retry_after;
};

struct tracker {
	const struct tracker_ops *ops;
	struct loop *loop;
	struct retry retry;
	/* To be set in configure: of a run of several experiments each gets a
	 * run of its own (tracker_has_own_run). */
	bool own_runs;
	/* To be set in open(), by a tracker that gathers records into a table: a
	 * run that has ended takes it, too, so that no end waits for records. */
	bool records_late;
	void *state; /* ops->state_size bytes, the tracker's own */
	struct delivery *delivery; /* the engine's, private */
};

/* --- what a tracker may call ---------------------------------------- */

/* An option of this attempt by its long name ("mlflow-uri"); NULL: not given.
 */
const char *tracker_option(const struct tracker *t, const char *name);

/* The plan of the run that starts like this. Borrows from both. */
struct plan tracker_plan(
    const struct tracker *t, const struct entry_start *start);

/* Reads the tracker's memory across restarts. It is kept in the cursor and is
 * on the disk before the engine's next call. NULL: nothing has that name. */
const char *tracker_recall(const struct tracker *t, const char *name);
void tracker_remember(struct tracker *t, const char *name, const char *text);
/* As tracker_remember, for a value that can be found again, or made anew from
 * entries that the cursor has not passed: it goes to the disk when the cursor
 * moves. */
void tracker_remember_later(
    struct tracker *t, const char *name, const char *text);

/* To be called in open(): the run gets its entries from the start, whatever the
 * cursor says. For a tracker whose outputs on this machine are synced only at
 * the end, and that knows what it has: the cursor may be on the disk where they
 * are not. */
void tracker_send_anew(struct tracker *t);

/* May RECORDS entries still come, apart from those of the batch that is under
 * way? */
bool tracker_records_follow(const struct tracker *t);

/* Do the entries of this experiment go into a run that it has to itself, under
 * plain names and with the experiment's steps? Else they go into the run of
 * all, as those without an experiment do. The answer never changes, in another
 * process neither. */
bool tracker_has_own_run(const struct tracker *t, int64_t experiment);

/* Sets where the user finds the run, for the report: a path, a URL, a
 * command. */
void tracker_set_place(struct tracker *t, const char *place);

/* One line in the report; the same line again is dropped. */
void tracker_note(struct tracker *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* As tracker_note, for an item that was refused for good; the program that
 * waits for the end also hears the first one. */
void tracker_refused(struct tracker *t, const char *what, const char *why);

/* As tracker_note, for a name or value that the destination stores in another
 * form (renamed, cut); the program that waits for the end hears of it, too. */
void tracker_altered(struct tracker *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* What the destination calls the run, for a program that waits for it: known at
 * the end of open() at the latest. A tracker whose ID can be told beforehand, or
 * that has none, need not call it. */
void tracker_set_run_id(struct tracker *t, const char *run_id);

/* To be called in open() that answers BLOCKED: an option, as it is typed, without
 * which `itrack sync` can't finish the run either. Borrowed for good. */
void tracker_needs(struct tracker *t, const char *option);

/* To be called in open() by a tracker that sends to another machine (`remote`), but
 * writes this run to files here: its entries need not be on the disk first. */
void tracker_stays_here(struct tracker *t);

/* To be called before a file is copied here: puts the entries that the tracker was
 * given on the disk, so that they come again after a loss of power, and no copy is
 * left that nobody knows. False: they are in memory only. */
bool tracker_write_down(const struct tracker *t);

/* Something moved (a connection, an answer, bytes of an upload): the
 * destination is there. */
void tracker_progress(struct tracker *t);

/* No connection to the destination came about: a drain does not wait for it,
 * until tracker_progress() takes that back. */
void tracker_away(struct tracker *t);

/* Gives the answer to a call that was PENDING; it must not be PENDING again.
 * For a send, the tracker sets the batch's done and rejected before.
 * retry_after_ms: the server's Retry-After, 0 if none. May be called from any
 * loop callback, but not from within the call itself. */
void tracker_done(struct tracker *t, enum tracker_call call,
    enum outcome outcome, int64_t retry_after_ms, const struct err *err);

/* --- the table ------------------------------------------------------- */

/* Declares tracker_NAME for each tracker. */
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
	DELIVERY_FINISHED, /* everything was delivered */
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
	const char *its_id;      /* what tracker_set_run_id() said, or NULL */
	const char *destination; /* as in struct target; NULL: not known */
	const char *why;         /* last error, "" if none */
	const char *needs;       /* what tracker_needs() said; NULL: nothing */
	const char *refusal;     /* the first of those rejected; "" if none */
	const char *refusals; /* what tracker_refused() said, one a line; "" */
	const char *altered;  /* what tracker_altered() said, one a line; "" */
	const char *const *notes;
	size_t note_len;
	bool ever_answered; /* this process got a confirmation */
};

/* What the deliveries of an attempt have in common. Journal, loop and start
 * must outlive them. */
struct delivery_config {
	struct loop *loop;
	struct journal *journal;
	const struct entry_start *start;
	int64_t started_us;
	/* The run has just begun: nobody has delivered any of it before. */
	bool fresh;
	/* Called from the loop when the state becomes FINISHED or BLOCKED. */
	void (*changed)(struct delivery *d, void *data);
	void *data;
};

/* Makes a delivery of the journal to the tracker that `target` names, with its
 * options. -EINVAL: there is no such tracker, or its options are bad. */
int delivery_new(struct delivery **delivery,
    const struct delivery_config *config, const struct target *target,
    struct err *err);
void delivery_free(struct delivery *d);

/* Of one that is FINISHED: what it has put on this machine is on the disk, so
 * that the journal may go. Again: nothing. */
int delivery_make_durable(struct delivery *d, struct err *err);

/* The run has ended, and is put away together with others. What the tracker makes
 * for it is synced with theirs: by deliveries_prepare(), before it begins, and by
 * delivery_make_durable(), before its cursor is written. */
void delivery_gather(struct delivery *d);
/* Their journals are on the disk, or they are passed over. */
void deliveries_prepare(struct delivery *const *list, size_t len);

/* The journal has new entries. */
void delivery_kick(struct delivery *d);

/* Delivers from now on for at most `ms` milliseconds; then starts nothing more.
 * A call that waits for a retry is tried at once, unless the server has asked
 * for that wait. The time is used up, however slow the destination is, but
 * where no connection comes about the drain ends after one more second.
 * DRAIN_WHILE_MOVING: no time is given; it ends where nothing moves. */
#define DRAIN_WHILE_MOVING (-1)
void delivery_drain(struct delivery *d, int64_t ms);
/* Is there nothing left to wait for: finished, blocked or given up? */
bool delivery_is_settled(const struct delivery *d);
/* Does its tracker send to another machine (`remote`)? */
bool delivery_is_remote(const struct delivery *d);

void delivery_status(const struct delivery *d, struct delivery_status *status);

#endif
