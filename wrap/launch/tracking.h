/*
 * The tracking as the launcher sees it: first the shim's socket, then the
 * worker that it starts when there is something to track, and starts once more
 * if it dies.
 *
 *	tracking_prepare(&t, ...)      before the launch: socket, paths
 *	tracking_launched, _begin      behind it
 *	tracking_read(&t)              when tracking_fd(&t) is readable
 *	tracking_ended(&t, ...)        the command is over
 */
#ifndef LAUNCH_TRACKING_H
#define LAUNCH_TRACKING_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "wrap/launch/child.h"
#include "wrap/link/link.h"
#include "wrap/launch/listen.h"

/* A command that lives so long gets a worker, which looks at what the command
 * does: a hello tells nothing of the programs that it starts. */
#define TRACKING_HELLO_MS 100
/* When a command is over after so long, a worker looks at what is there: in less
 * time no interpreter starts and makes a run. */
#define TRACKING_SHORT_MS 20
/* How many messages are kept for the worker, and for its successor. */
#define TRACKING_KEPT_MAX 4
/* How many connections are taken before signals are looked at again, so that
 * processes that connect without end can't delay the end of the command. */
#define TRACKING_TURN_MAX 64
/* After so many connections without a break (the size of the smallest queue,
 * net.core.somaxconn before Linux 5.4) the queue may have been full, and
 * messages lost. */
#define TRACKING_CROWD 128

/* Where the tracking stands; tracking.c has the moves from one to another. */
enum tracking_phase {
	TRACKING_LISTENS,    /* the launcher reads the shim's socket */
	TRACKING_WORKS,      /* a worker reads it, and has not said its last */
	TRACKING_COMPLETE,   /* the worker said that everything is delivered */
	TRACKING_INCOMPLETE, /* the worker said that it leaves something */
	TRACKING_LOST,       /* the worker died, and so did its successor */
	TRACKING_OFF, /* no socket, or a worker can't be started: start_errno */
};

struct tracking {
	enum tracking_phase phase;
	int channel;                 /* the shim's socket, or -1 */
	int link;                    /* to the worker, or -1 */
	pid_t worker;                /* 0: none runs */
	struct listen_caller caller; /* the worker's, when there is one */
	int starts;
	int start_errno;            /* the worker could not be started */
	int worker_status;          /* how the last one died */
	bool worker_stays;          /* for what the command has left behind */
	bool expected;              /* the arguments name insideLLMs */
	bool hello, nested, silent; /* what the shim has said by now */
	bool crowded;               /* messages may have been lost */
	bool ended;                 /* the command has; see `end` */
	bool wants_stop;            /* the worker has asked for it */
	bool closes;                /* its drain is over, it is about to end */
	int in_row;                 /* connections without a break */
	int64_t begun_ms;
	int64_t hello_due_ms;            /* the worker's start; -1: none */
	size_t others_heard;             /* other processes than the command */
	char **arguments, **environment; /* the worker's */
	uint32_t stopped;                /* signals sent for it */
	struct link_launched launched;
	struct link_ended end;
	struct link_recorded recorded; /* what the worker said last */
	struct link_message kept[TRACKING_KEPT_MAX];
	int kept_len;
	const char *line; /* of the output, the last; NULL: none */
	size_t line_len;
	char name[LISTEN_NAME_SIZE];
	char worker_path[PATH_MAX], shim_path[PATH_MAX];
};

/* Finds worker and shim beside this program, and makes the socket. */
void tracking_prepare(struct tracking *t, char **arguments);
/* The shim's path if it can be preloaded into the command, else NULL. */
const char *tracking_shim(struct tracking *t, const char *command);

/* Notes the times of the launch, just before it. `await_tick`: only file times
 * will tell the run from older ones, so the launch waits for a tick of their
 * clock (4 ms at most with Debian's kernels). */
void tracking_mark(struct tracking *t, bool await_tick);
/* Notes that the command runs, with the shim or without it. */
void tracking_launched(struct tracking *t, pid_t command, bool preloaded);
/* Starts the worker now if that is needed or `at_once` is set; else listens.
 * Called after the command's descriptors were closed. */
void tracking_begin(struct tracking *t, bool at_once, int64_t now_ms);

/* Gives up tracking because of errno `code`; frees the descriptors. */
void tracking_off(struct tracking *t, int code);

/* The descriptor to wait for, or -1: the socket (until a worker reads it) or
 * the link. */
int tracking_fd(const struct tracking *t);
void tracking_read(struct tracking *t);
/* Called when it may be time for the worker: starts it then, or when a caller did
 * not speak. */
void tracking_waited(struct tracking *t, int64_t now_ms);
/* Called when the worker has ended: starts it once more, or gives up. */
void tracking_worker_died(struct tracking *t, int status);
/* Keeps the last line of the command's output for the worker; called before the
 * end, where the output was read. NULL: the line is no object. The caller must
 * never free it. */
void tracking_line(struct tracking *t, const char *line, size_t len);
/* Called when the command has ended, at `now_ms`; the rest is delivered for
 * `drain_ms` at most. With `needs_worker` a worker is
 * started even if there is no run, because it writes the report's file. Afterwards
 * tracking_busy says whether the launcher must wait for the worker's last words
 * and its end; no other code may wait for it. The launcher leaves a worker that
 * stays for what goes on. */
void tracking_ended(struct tracking *t, const struct child *command,
    bool needs_worker, int64_t now_ms, int64_t drain_ms);
bool tracking_busy(const struct tracking *t);
/* Asks the worker to end now. */
void tracking_hurry(struct tracking *t);

#endif
