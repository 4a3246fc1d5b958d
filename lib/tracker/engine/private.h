/* What the engine's files share: delivery.c (a delivery's life), pump.c (what is
 * due next), lane.c (one lane of it), drain.c, scout.c, experiment_runs.c, cursor.c,
 * gather.c, retry.c, call_limit.c, services.c (what a tracker may call). */
#ifndef TRACKER_ENGINE_PRIVATE_H
#define TRACKER_ENGINE_PRIVATE_H

#include "base/buf.h"
#include "tracker/tracker.h"

/* One lane of a delivery: entries that were read ahead, in order, each with the
 * place behind it. */
struct delivery_lane {
	struct journal_reader reader;
	struct entry *entries;
	int64_t *ends;
	size_t count, cap;
	bool in_flight;
	bool ended;         /* the end entry was read: nothing follows */
	bool drained;       /* and every entry before it is confirmed */
	size_t held;        /* the tracker wants more than these first */
	struct batch batch; /* while in flight */
	int64_t next_ms;    /* no send before */
	int failures;       /* in a row */
	bool stopped;       /* of the records: no further try in this process */
	bool told_last; /* of the records: the tracker knows that it has all */
};

enum phase {
	PHASE_CLOSED,
	PHASE_OPENING,
	PHASE_OPEN,
	PHASE_FINISHING,
	PHASE_FINISHED, /* finish was taken; files may still follow */
	PHASE_COMPLETE,
	PHASE_BLOCKED,
	PHASE_GIVEN_UP,
};

/* Where the values of experiments go. */
enum layout {
	LAYOUT_UNDECIDED,
	LAYOUT_ONE_RUN,
	LAYOUT_OWN_RUNS,
};

struct delivery {
	struct tracker tracker;
	enum phase phase;
	struct loop *loop;
	struct journal *journal;
	const struct entry_start *start;
	int64_t started_us;
	bool fresh;           /* as in delivery_config */
	bool gathered;        /* delivery_gather() was called */
	bool stays_here;      /* tracker_stays_here() was called */
	struct target target; /* a copy */
	struct run_info info;
	struct cursor cursor;
	bool cursor_dirty;
	bool durable;            /* all is confirmed, and on the disk */
	int64_t cursor_saved_ms; /* when it was last written */

	/* The scout reads ahead of the lanes: it finds the run ID, the end, and
	 * the number of entries. */
	struct journal_reader scout;
	char *run_id;
	char *its_id; /* what the tracker calls the run; NULL: not known */
	bool has_end;
	struct entry end;
	int64_t records_lost;   /* that were rejected by this process */
	char *records_lost_why; /* of the first; NULL: none was */
	char *kept_records;     /* path of the copy of them; NULL: none yet */
	uint64_t known;         /* entries that the scout has read */
	uint64_t taken;         /* of these, confirmed or rejected */
	uint64_t experiments;   /* of these, EXPERIMENT entries */

	enum layout layout;
	int64_t layout_due_ms; /* when it is decided at the latest */

	struct delivery_lane lanes[LANE_COUNT];
	struct loop_timer timer; /* for whatever is due first */
	int64_t call_next_ms;    /* open and finish: not before this */
	int call_failures;
	int64_t call_ms;      /* when the last call of the tracker began */
	int64_t last_send_ms; /* for idle_ms */

	bool draining;
	bool patient; /* while draining: DRAIN_WHILE_MOVING */
	int64_t drain_since_ms, drain_deadline_ms;
	int64_t progress_ms; /* when something was last confirmed or moved */
	int64_t away_ms;     /* since then no connection came about; 0: one did
			      */
	/* The server asked for no call before (Retry-After); the same of
	 * records alone, for which nothing else waits. */
	int64_t asked_ms, records_asked_ms;
	bool ever_answered;
	bool reached; /* a call failed, but not for want of a connection */

	char *why;
	const char *needs; /* as tracker_needs() has it; NULL: nothing */
	char *refusal;     /* NULL: none */
	struct buf altered, refusals;
	char **notes;
	size_t note_len;
	void (*changed)(struct delivery *d, void *data);
	void *data;
};

/* pump.c */
/* Does what is due, and sets the timer for what comes next. */
void delivery_pump(struct delivery *d);

/* delivery.c */
void delivery_set_phase(struct delivery *d, enum phase phase);
/* What is known of the run by now. */
void delivery_fill_info(struct delivery *d);
/* Has the tracker a call to answer? */
bool delivery_is_under_way(const struct delivery *d);
/* Nothing was sent. */
void delivery_begin_anew(struct delivery *d);
void delivery_answered(struct delivery *d);
void delivery_say_why(struct delivery *d, const struct err *err);
void delivery_open_done(struct delivery *d, enum outcome outcome,
    int64_t retry_after_ms, const struct err *err);
void delivery_finish_done(struct delivery *d, enum outcome outcome,
    int64_t retry_after_ms, const struct err *err);

/* cursor.c */
/* Writes the cursor if it has moved. */
/* Of a run whose destination could not be told when it started. */
void delivery_name_destination(struct delivery *d);
void delivery_save_cursor(struct delivery *d);
void delivery_save_cursor_if_due(struct delivery *d);
/* When the cursor must be on the disk; INT64_MAX: it is there, or need not be,
 * because a reopened run begins anew. */
int64_t delivery_cursor_due_ms(const struct delivery *d);

/* scout.c */
/* Reads the new part of the journal: is the run ID known, has the run ended, how
 * many entries are there? */
void delivery_look_ahead(struct delivery *d);

/* drain.c */
/* When the drain is over. */
int64_t delivery_drain_end_ms(const struct delivery *d);

/* gather.c */
/* Of a gathered delivery that is not done: the disk has what the tracker has made
 * so far. */
int gather_sync(struct delivery *d, struct err *err);

/* retry.c */

#define RETRY_DEFAULT                       \
	(struct retry)                      \
	{                                   \
		.first_ms = 500, .most = -1 \
	}
/* After the n-th failure in a row: sets when to try again, in monotonic time,
 * and, if the server asked for a rest, *asked_ms. false: the tracker wants no
 * further try. */
bool delivery_retry(struct delivery *d, int failures, int64_t retry_after_ms,
    const struct err *err, int64_t *asked_ms, int64_t *next_ms);

/* call_limit.c */
/* Gives up a call that was under way without a sign of life for too long:
 * closes the tracker and opens it again a little later. */
void call_limit_check(struct delivery *d);
/* When that is due; INT64_MAX: no call is under way. */
int64_t call_limit_due_ms(const struct delivery *d);

/* experiment_runs.c */
void experiment_runs_init(struct delivery *d);
/* The scout has read an EXPERIMENT entry. */
void experiment_runs_count(struct delivery *d);
/* How many of the lane's entries may be handed over: all, or those before the
 * first one of an experiment as long as the layout is undecided. */
size_t experiment_runs_front(struct delivery *d, enum lane lane);
/* When the layout must be decided; INT64_MAX: nothing waits for it. */
int64_t experiment_runs_wait_ms(const struct delivery *d);

/* records.c */
/* Does the tracker take records one way or the other? */
bool records_are_taken(const struct delivery *d);
/* May the first of the lane's entries be sent: is all that stands before it in
 * the journal confirmed, and have the other lanes nothing under way? */
bool records_may_go(const struct delivery *d);
/* Must they be there before the run ends? */
bool records_hold_finish(const struct delivery *d);
/* Has a tracker that gathers them yet to hear that none follow? */
bool records_owe_last(const struct delivery *d);
/* Is it time for the batch behind which none follows? */
bool records_may_end(const struct delivery *d);
/* The scout has read an ARTIFACT entry. */
void records_take_artifact(struct delivery *d, const struct entry_artifact *a);
/* Gives the entry the path of that copy. */
void records_give_copy(const struct delivery *d, struct entry_records *e);
/* The file of the run that goes on does not have the bytes now: may it have
 * them later? */
bool records_may_return(
    const struct delivery *d, enum outcome outcome, const struct err *err);
/* The lane's first entry was rejected. */
void records_lose(struct delivery *d, const struct err *err);
/* At the end: says which records were not sent. */
void records_say_missing(struct delivery *d);
/* Says once that the tracker has no place for them. */
void records_say_none(struct delivery *d);

/* lane.c */
void lane_init(struct delivery *d, enum lane lane);
void lane_release(struct delivery *d, enum lane lane);
/* Forgets the entries that were read ahead, and reads again from the cursor. */
void lane_reset(struct delivery *d, enum lane lane);
/* Sends the entries that there are. Sets drained when nothing more will
 * come. */
void lane_pump(struct delivery *d, enum lane lane);
/* Is there something to send, now or when its wait is over? */
bool lane_has_more(struct delivery *d, enum lane lane);
/* Are there entries, or may there be, apart from those of the batch that is under
 * way? */
bool lane_has_others(const struct delivery *d, enum lane lane);
void lane_send_done(struct delivery *d, enum lane lane, enum outcome outcome,
    int64_t retry_after_ms, const struct err *err);

#endif
