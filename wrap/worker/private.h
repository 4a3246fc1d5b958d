/* What the files of the runs share: runs.c (which there are, how they end) and
 * runs_begin.c (a new attempt, or one that was left behind). */
#ifndef WRAP_WORKER_PRIVATE_H
#define WRAP_WORKER_PRIVATE_H

#include <sys/queue.h>

#include "wrap/worker/runs.h"

struct run {
	struct attempt *attempt; /* NULL: over, reported and given back */
	struct runs *runs;
	char *dir;
	struct watcher_identity identity;
	pid_t writer; /* 0: not known, ends with the command */
	int pidfd;    /* of the writer; -1: none */
	struct loop_io io;
	bool orphaned; /* the writer is dead: ends with this turn */
	int begins;    /* the second is another run */
	int64_t started_us;
	TAILQ_ENTRY(run) link;
};

struct late_run {
	char *dir;
	TAILQ_ENTRY(late_run) link;
};

struct runs {
	struct runs_config config;
	TAILQ_HEAD(, run) list;
	size_t count;
	bool incomplete; /* of those that are given back */
	/* Found when the command was over, to be taken up. */
	TAILQ_HEAD(, late_run) late;
	bool over; /* the command is */
	bool has_end;
	struct link_ended end;
	int64_t drain_until_ms;
	const char *line; /* the last of the output; NULL: none */
	size_t line_len;
	const struct run *line_run; /* that gets it */
};

/* Gives the run an attempt. 0; -EALREADY: a worker before us has tracked it,
 * and nothing is left to do; another negative errno: it can't be tracked.
 * `replaced` and `settled` are those of the attempt, with the run as data. */
int runs_begin_attempt(struct run *run,
    void (*replaced)(struct attempt *a, void *data),
    void (*settled)(struct attempt *a, void *data), struct err *err);
/* The same for a run of the line alone, without a directory. */
int runs_begin_own(struct run *run,
    void (*settled)(struct attempt *a, void *data), struct err *err);

#endif
