/* Shared by make.c (which makes and closes attempts), attempt.c (the events in
 * between) and samples.c (which samples of system metrics it keeps). */
#ifndef WRAP_ATTEMPT_PRIVATE_H
#define WRAP_ATTEMPT_PRIVATE_H

#include "format/rule.h"
#include "wrap/attempt/attempt.h"
#include "wrap/attempt/past.h"

/* How far the run is, for this process. */
enum attempt_end {
	END_OPEN,    /* it goes on */
	END_LEFT,    /* it has ended, but not in the journal: not read whole */
	END_ADOPTED, /* the journal had its end when it was taken over */
	END_OURS,    /* this process has ended it, and tells of it */
};

/* What waits until others are ready, too. */
enum attempt_hold {
	HOLD_NOTHING,
	HOLD_DELIVERIES,
	HOLD_ALL, /* also the journal: attempts_let_go() writes it down */
};

struct attempt {
	struct attempt_config config;
	char *run_dir; /* bytes */
	struct journal *journal;
	struct entry start;
	struct delivery **deliveries;
	size_t delivery_count;
	struct watcher *watcher;  /* NULL: only delivered */
	struct attempt_past past; /* what the journal had on adoption */
	char *run_id;
	int64_t samples; /* of system metrics */
	enum attempt_end end;
	enum attempt_hold hold;
	int64_t ended_us;
	enum run_status status;
	struct loop_timer sync_timer;
	/* --stop-if */
	struct rule *rules;
	size_t rule_len;
	bool streams;      /* its records come one by one, as is known by now */
	bool batch;        /* they come all at the end */
	char *stop_reason; /* NULL: no rule held */
	int64_t counted_ms; /* when a record was last counted (monotonic) */
	struct loop_timer stall_timer;
	bool left_alone;       /* its writer has begun another run since */
	struct notify *notify; /* NULL: nobody is told (yet) */
	struct loop_timer disk_timer; /* set while the disk refuses */
	int disk_refusals;
	bool unsettled; /* what is delivered could not be noted as such */
	struct buf remarks;
};

/* Adds a line to the report, but each line only once. */
void attempt_say(struct attempt *a, const struct err *err);
/* Puts the entry into the journal and releases it. */
void attempt_keep(struct attempt *a, struct entry *e);
/* Keeps a copy of the open file beside the journal, under this number.
 * -ENOTSUP: the journal is in memory. */
int attempt_keep_file(struct attempt *a, int number, int fd,
    struct settle_kept *kept, struct err *err);
/* The outcome's sample, of a run that had none. */
void attempt_keep_last_sample(
    struct attempt *a, const struct attempt_outcome *outcome, int64_t time_us);
/* Removes the journal that was taken over, if all of it was delivered: -ENOENT. */
int attempt_discard_delivered(struct attempt *a, struct err *err);
/* Sets start.resumed_from to the attempt with which this one goes on, if there
 * is one. */
void attempt_find_resumed(struct attempt *a);
void attempt_free(struct attempt *a);

#endif
