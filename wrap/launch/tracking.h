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

/* Without a word of the shim for so long it is not there (a static program),
 * and the worker has to look for itself. */
#define TRACKING_HELLO_MS 100
/* Messages kept for the worker, and for the one after it. */
#define TRACKING_KEPT_MAX 4
/* Connections taken before signals are looked at again: the end of the command
 * does not wait for those who connect without end. */
#define TRACKING_TURN_MAX 64
/* As many as the smallest queue has (net.core.somaxconn before Linux 5.4) were
 * there without a break: it may have been full, and messages lost. */
#define TRACKING_CROWD 128

struct tracking {
	int channel;                 /* the shim's socket, or -1 */
	int link;                    /* to the worker, or -1 */
	pid_t worker;                /* 0: none runs */
	struct listen_caller caller; /* the worker's, when there is one */
	int starts;
	int start_errno;   /* the worker could not be started */
	int worker_status; /* how the last one died */
	bool on;           /* false: given up, or nothing to track with */
	bool expected;     /* a hello alone says nothing: env -i, sudo, ... */
	bool hello, nested, silent, ended, drained, complete;
	bool crowded;                    /* messages may have been lost */
	int in_row;                      /* connections without a break */
	int64_t hello_due_ms;            /* a word is due; -1: none */
	char **arguments, **environment; /* the worker's */
	struct link_launched launched;
	struct link_ended end;
	struct link_recorded recorded; /* as the worker last said */
	struct link_message kept[TRACKING_KEPT_MAX];
	int kept_len;
	const char *line; /* the last of the output; NULL: none */
	size_t line_len;
	char name[LISTEN_NAME_SIZE];
	char worker_path[PATH_MAX], shim_path[PATH_MAX];
};

/* Finds worker and shim beside this program, makes the socket. */
void tracking_prepare(struct tracking *t, char **arguments);
/* The shim's path if it can be preloaded into the command, else NULL. */
const char *tracking_shim(const struct tracking *t, const char *command);

/* The times of the launch; just before it. `await_tick`: the run will be told
 * from older ones by file times alone, so the launch waits for a tick of their
 * clock (4 ms at the most, as Debian's kernels are). */
void tracking_mark(struct tracking *t, bool await_tick);
/* The command runs, with the shim or without. */
void tracking_launched(struct tracking *t, pid_t command, bool preloaded);
/* Starts the worker now if need be or `at_once`; else listens. Behind
 * the closing of the command's descriptors. */
void tracking_begin(struct tracking *t, bool at_once, int64_t now_ms);

/* Nothing is tracked, because of errno `code`; frees the descriptors. */
void tracking_off(struct tracking *t, int code);

/* What to wait for, or -1: the socket (while no worker does) or the link. */
int tracking_fd(const struct tracking *t);
void tracking_read(struct tracking *t);
/* No hello came in time, or no word of who connected: starts the worker. */
void tracking_waited(struct tracking *t, int64_t now_ms);
/* The worker ended: starts it once more, or gives up. */
void tracking_worker_died(struct tracking *t, int status);
/* The last line of the command's output, for the worker; before the end. It is
 * borrowed for good. */
void tracking_line(struct tracking *t, const char *line, size_t len);
/* The command ended. With `needs_worker` a worker is started even if there is
 * no run (it writes the report's file). Afterwards tracking_busy says if there
 * is something to wait for: the worker's last words, and its end, for which
 * nobody else may wait. */
void tracking_ended(
    struct tracking *t, const struct child *command, bool needs_worker);
bool tracking_busy(const struct tracking *t);
/* The time is over, and the worker has not said that it is done: it hangs, is
 * stopped, or has more to do than there was time for. */
bool tracking_is_silent(const struct tracking *t);
/* Asks the worker to end now. */
void tracking_hurry(struct tracking *t);

#endif
