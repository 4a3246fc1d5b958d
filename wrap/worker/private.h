/* What the files of the runs share: runs.c (which there are), runs_news.c (what is
 * heard of them), runs_end.c and runs_orphans.c (when they end), runs_outcome.c (how),
 * runs_copies.c (which are none), runs_sample.c (what they take of the machine),
 * runs_line.c (which one gets what the command printed), runs_begin.c (a new attempt, or
 * one that was left behind) and runs_left.c (those of a worker that was killed). */
#ifndef WRAP_WORKER_PRIVATE_H
#define WRAP_WORKER_PRIVATE_H

#include <sys/queue.h>

#include "base/lifeline.h"
#include "wrap/worker/runs.h"
#include "wrap/worker/usage.h"
#include "wrap/worker/writer.h"

struct run {
	struct attempt *attempt; /* NULL: over, reported and given back */
	struct runs *runs;
	char *dir;
	struct watcher_identity identity;
	pid_t writer;         /* 0: not known, ends with the command */
	struct writer asked;  /* how it was started */
	struct lifeline line; /* of the writer */
	/* The writer is dead: it ends soon, if no other process goes on. */
	bool orphaned, searched;
	int64_t orphaned_ms;
	/* How often the file was opened that each run opens once. */
	int begins[RUN_SIGNS];
	bool heard;    /* a message told of it: it is the command's */
	bool followed; /* its writer has begun another run since */
	/* insideLLMs' own calls were seen: it is no copy. Others were. */
	bool genuine, in_place;
	bool held;    /* may be no run of its own: nothing is delivered yet */
	bool differs; /* its records don't begin with those of the one before */
	/* What it came to, once it is over. */
	char *run_id; /* NULL: none */
	int64_t records_bytes;
	uint32_t records_crc32c;
	struct watcher_stamp manifest;
	int64_t started_us,
	    attempt_us; /* by the clock, and as the attempt says */
	TAILQ_ENTRY(run) link;
};

struct late_run {
	char *dir;
	TAILQ_ENTRY(late_run) link;
};

struct found_run {
	char *dir;
	int dir_fd; /* our own; 0: by the path */
	pid_t writer;
	TAILQ_ENTRY(found_run) link;
};

struct runs {
	struct runs_config config;
	TAILQ_HEAD(run_list, run) list;
	size_t count;
	bool incomplete; /* of those that are given back */
	/* Found without the shim, until that was heard. */
	TAILQ_HEAD(, found_run) found;
	/* Found when the command was over, to be taken up. */
	TAILQ_HEAD(, late_run) late;
	struct loop_timer quiet; /* the next that may be over by now */
	struct sampler *sampler; /* NULL: no run yet, or not wanted */
	bool over;               /* the command is */
	bool has_end;            /* and it is known how it ended */
	struct link_ended end;
	int64_t ended_ms;                 /* when that was heard */
	int64_t drain_ms, drain_until_ms; /* once it drains */
	bool drains;
	bool stopped;     /* a signal was sent to the command, for a rule */
	const char *line; /* the last of the output; NULL: none */
	size_t line_len;
	const struct run *line_run; /* that gets it */
};

bool run_is_over(const struct run *run);
/* Is it written by somebody who is not known to be dead? What tells of a death may
 * not have been read yet. */
bool run_goes_on(const struct run *run);
/* Is it of the command itself, whose exit status is its own? */
bool run_is_command(const struct run *run);
/* Is its manifest there, and everything before it? */
bool run_is_complete(const struct run *run);

/* A run that has no directory and is not in the list yet, and how it comes into
 * that. */
struct run *run_new(struct runs *runs, pid_t writer);
void run_discard(struct run *run);
void run_enlist(struct run *run);
/* Are there enough descriptors for one more? 0 or a negative errno. */
int run_has_room(struct err *err);

/* Begins a run in this directory; `dir_fd` as in the news. `heard`: a message told
 * of it. NULL: it can't be tracked, which was said, or not now. */
struct run *runs_begin(
    struct runs *runs, const char *dir, int dir_fd, pid_t writer, bool heard);
/* Returns what to call it (called.h). To be freed. */
char *runs_call(const struct runs *runs,
    const struct watcher_identity *identity, const char *dir);
/* Begins those that were found, if the shim has not told of them. */
void runs_take_found(struct runs *runs);
/* Puts a directory off until the command is over. */
void runs_put_off(struct runs *runs, const char *dir);
/* `dir_fd`: the directory itself; 0: by the path. */
int run_identify(const char *dir, int dir_fd, struct watcher_identity *identity,
    struct err *err);
/* The stamp of a file in it; symbolic links are not followed. */
struct watcher_stamp run_stamp(const char *dir, int dir_fd, const char *name);

/* Watches over the writer that is known by now. */
void run_watch_writer(struct run *run);
void run_unwatch_writer(struct run *run);
/* The writer is dead. */
void run_orphan(struct run *run);
/* Is it? Also if what tells of that was not read yet. */
bool run_is_orphan(const struct run *run);
/* Has another process the records open, because the writer has forked and left?
 * Then that one is the writer now. */
bool run_has_heir(struct run *run);
/* It is over. `ended` NULL: not with the command. `superseded`: another one has
 * begun in its directory. */
void run_end(struct run *run, const struct link_ended *ended, bool superseded);
/* How many runs may wait until they are over, because each holds descriptors. */
#define RUNS_ENDING_MAX 64
/* Looks at the runs again at this time, in monotonic time, at the latest. */
void runs_look_again(struct runs *runs, int64_t due_ms);
/* Of those whose writers are dead, and of which nothing more was heard for a
 * while, or `now`. */
void runs_end_orphans(struct runs *runs, bool now);
/* Of those that are complete and that nothing was written to for a while. */
void runs_end_quiet(struct runs *runs);

/* Samples system metrics for the runs that are written, from now on. */
void runs_begin_sampling(struct runs *runs);
/* What a run that ends before a sample was due has instead; no values: it had a
 * sample, or none is wanted. */
void run_sample_last(const struct run *run,
    const struct attempt_outcome *outcome, struct usage_values *values);

/* Lets those be delivered that are runs of their own as can be told by now. */
void runs_let_go(struct runs *runs);
/* The run that this one, which has just ended, is a copy of; NULL: none. */
const struct run *run_original(const struct run *run);
/* The run that this command has written in the directory before; NULL: none. */
const struct run *run_before(const struct run *run);
/* The run whose files were touched or changed behind its end, which is all that
 * this one, which has just ended, is; NULL: it is one. */
const struct run *run_edited(struct run *run, bool *changed);
/* Remembers what it came to. */
void run_note_facts(struct run *run);

struct run_callbacks {
	void (*replaced)(struct attempt *a, void *data);
	void (*complete)(struct attempt *a, void *data);
	void (*settled)(struct attempt *a, void *data);
	void (*rule_holds)(struct attempt *a, void *data);
};
extern const struct run_callbacks run_callbacks;

/* Gives the run an attempt. `dir_fd`: its directory, or 0. 0; -EALREADY: a
 * worker before us has tracked it, and nothing is left to do; another negative
 * errno: it can't be tracked. The callbacks are those of the attempt, with the
 * run as data. */
int runs_begin_attempt(struct run *run, int dir_fd,
    const struct run_callbacks *callbacks, struct err *err);
/* Goes on with this attempt, of a worker that was killed. 0; -EBUSY, -ENOENT:
 * another process does so, or did just now; ATTEMPT_MISFIT: its directory is
 * another one now; another negative errno: it can't be looked at now. */
int runs_take_attempt(struct run *run, const char *attempt, bool ended,
    const struct run_callbacks *callbacks, struct err *err);
/* The same for a run of the line alone, without a directory. */
int runs_begin_own(
    struct run *run, const struct run_callbacks *callbacks, struct err *err);

#endif
