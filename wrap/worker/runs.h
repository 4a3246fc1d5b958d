/*
 * The runs of one command: an attempt for each run directory that it writes.
 *
 * A run belongs to the process that writes it, and ends when that one ends or
 * begins another run in the same directory. One that has its manifest ends,
 * too, when nothing was written to its directory for a while. One whose writer
 * outlives the command goes on. The exit status belongs to the run whose writer
 * is the command itself.
 */
#ifndef WRAP_WORKER_RUNS_H
#define WRAP_WORKER_RUNS_H

#include <stdbool.h>
#include <sys/types.h>

#include "wrap/attempt/already_tracked.h"
#include "wrap/attempt/attempt.h"
#include "wrap/link/link.h"
#include "wrap/attempt/report.h"
#include "wrap/worker/search/guess.h"

struct runs;

struct runs_config {
	struct loop *loop;
	struct inotify *inotify;
	const struct options *options;
	const char *state_dir;
	const char *named; /* --run-dir, absolute; NULL: not given */
	/* Of the command's own arguments: for the runs of writers that say
	 * nothing else. */
	const struct rundir_guess *guess;
	const struct link_launched *launched;
	/* Messages may have been lost: that some are missing says nothing. */
	const bool *crowded;
	struct report *report; /* for what can't be tracked, and each run */
	/* Something settled: runs_are_settled() may have changed. */
	void (*settled)(void *data);
	/* Takes all messages that are there, which come back as news. False:
	 * there may be more. */
	bool (*hear)(void *data);
	/* A rule of --stop-if holds: the command is to be stopped. */
	void (*stop)(void *data);
	void *data;
};

struct runs *runs_new(const struct runs_config *config);
/* Reports every run that was not reported when it settled, and gives all back.
 * True: all of them are complete. */
bool runs_close(struct runs *runs);

/* Files that every run opens just once, so that a second time means a second
 * run: insideLLMs' configuration under its temporary name; the marker and the
 * configuration, which a copy or another program writes in place and may write
 * again before the manifest is there. */
enum run_sign {
	RUN_CONFIG_TEMP,
	RUN_MARKER,
	RUN_CONFIG,
	RUN_SIGNS,
	RUN_NO_SIGN = RUN_SIGNS
};

struct run_news {
	const char *dir;
	int dir_fd; /* the directory itself, borrowed; 0: by its path */
	pid_t writer;
	enum run_sign sign;
	bool genuine;     /* a file under insideLLMs' temporary name */
	bool in_place;    /* a file that insideLLMs writes under such a name */
	bool aside;       /* that alone makes no run */
	const char *name; /* of the file */
	int file_fd; /* it itself, borrowed; 0: by its name; a negative errno:
		      * it could not be opened */
};

/* Called first, if a worker before this one was killed: takes up the runs that it
 * had begun and not delivered, also those of which no message will tell again. */
void runs_take_left(struct runs *runs);

/* A file of the directory was opened for writing or renamed into place. Nothing
 * happens if it is no run directory. */
void runs_consider(struct runs *runs, const struct run_news *news);

/* Is the directory that is there now one of these? */
bool runs_know(const struct runs *runs, const char *dir);

/* Does another itrack-wrap track the run, inside this one or beside it in the same
 * folder? Then its attempt goes on, or came to its end after our launch, as the run
 * itself did. Who finds a run asks, and asks again under the directory's lock:
 * several that search one folder find each other's runs at the same moment. */
bool runs_are_tracked_elsewhere(
    const struct runs *runs, const struct tracked *t);

/* A run directory of this command was found without the shim; `dir_fd` as in
 * the news. It is taken up with the turn, or at runs_end(), unless it is known by
 * then. Behind runs_end() it waits until others are through, if nobody is known to
 * write it. */
void runs_found(struct runs *runs, const char *dir, int dir_fd, pid_t writer);

size_t runs_count(const struct runs *runs);
/* The directory of the i-th. */
const char *runs_dir(const struct runs *runs, size_t i);
/* How many have a journal that is not delivered yet; `newest`: the name of the
 * last such attempt, valid until runs_turn(). */
size_t runs_journals(const struct runs *runs, const char **newest);
void runs_turn(struct runs *runs);
/* The command was sent a signal for a rule. */
void runs_are_stopped(struct runs *runs);
/* The command is over, so runs end with it from now on; ended NULL: nobody knows
 * how it ended. runs_end() follows. */
void runs_hear_end(struct runs *runs, const struct link_ended *ended);
/* Ends all that nobody writes any more. runs_drain() follows. */
void runs_end(struct runs *runs);
/* Before runs_end(): the last line of the command's output, an object with
 * numbers; borrowed until then. They go to the run that ends with the command,
 * else to one of their own. */
void runs_take_line(struct runs *runs, const char *line, size_t len);
/* Those that are over; the others when they are. */
void runs_drain(struct runs *runs, int64_t ms);
/* Of those that are over. */
bool runs_are_settled(const struct runs *runs);
/* How many are not over. */
size_t runs_open(const struct runs *runs);
/* How many of these are still being written; the writers of the others are dead. */
size_t runs_going_on(const struct runs *runs);
/* Says of each of these that it goes on, and who writes it. */
void runs_report_going_on(const struct runs *runs);
/* Appends what is not delivered yet, by tracker: "mlflow: 12 entries". */
void runs_describe_pending(const struct runs *runs, struct buf *line);

#endif
