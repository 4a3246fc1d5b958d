/*
 * What the files of the worker share: main.c (the loop and the phases), messages.c
 * (what the shim says), drain.c (what follows the command's end) and last_words.c (what
 * the user is told at the end).
 */
#ifndef WRAP_WORKER_WORKER_H
#define WRAP_WORKER_WORKER_H

#include "base/lifeline.h"
#include "base/loop.h"
#include "wrap/attempt/report.h"
#include "wrap/link/link.h"
#include "wrap/options/options.h"
#include "wrap/worker/announced.h"
#include "wrap/worker/channel.h"
#include "wrap/worker/drain_progress.h"
#include "wrap/worker/refusal.h"
#include "wrap/worker/runs.h"
#include "wrap/worker/search/search.h"
#include "wrap/worker/stopper.h"

/* What the worker is at, in order: it never goes back. */
enum phase {
	PHASE_NEW,      /* the launcher has not said yet what it launched */
	PHASE_LAUNCHED, /* it said so, and hands over the messages it has read */
	PHASE_FOLLOWS,  /* we read the shim's channel; the command runs */
	PHASE_DELIVERS, /* the command is over: the runs end and are delivered */
	PHASE_ALONE,    /* the launcher has left, but runs go on */
};

struct worker {
	enum phase phase;
	struct options options;
	struct loop *loop;
	struct inotify *inotify;
	struct channel channel;
	struct loop_io link_io;
	struct stopper stopper;  /* --stop-if */
	struct lifeline command; /* when the launcher is gone */
	struct loop_turn turn;
	char *state_dir;
	int announced_fd; /* of begin_lock_announce */
	char *named;      /* --run-dir, absolute; NULL: not given */
	struct rundir_guess guess;
	struct link_launched launched;
	struct runs *runs;
	struct search *search; /* NULL: not begun, or somebody else's */
	struct announced announced;
	struct drain_progress *drain_progress;
	struct report report;
	struct buf line;            /* parts of the last line of the output */
	bool heard, nested, silent; /* what the shim has said by now */
	bool link_gone;             /* the launcher was killed, or has left */
	bool hurry;                 /* it does not wait any longer */
	bool settled;               /* the runs may be done: look once more */
	struct refusals refusals;   /* while no run was heard of */
	bool failed;                /* the command's exit status says so */
	struct link_recorded recorded; /* as the launcher knows it */
};

/* Returns false, and changes nothing, if there is no such move. */
bool worker_enter(struct worker *w, enum phase phase);

/* Called when the command is over: every run ends, also each one that is found only
 * now, and the rest is delivered. `ended` NULL: it is not known how it ended. */
void worker_end_runs(struct worker *w, const struct link_ended *ended);
/* From now on we only write down what is there and what is left, and the launcher
 * waits for that. */
void worker_say_closes(const struct worker *w);

/* Takes a message of the shim; `channel->data` is the worker. */
void worker_hear(struct channel *channel, const struct message *message);
/* Looks at the directories of processes that were killed between the marker and
 * the word that it is there. */
void worker_look_at_announced(struct worker *w);

/* Writes the file that --report names. */
void worker_write_report(struct worker *w);
/* The same, and says the report on standard error. */
void worker_say_report(struct worker *w);

#endif
