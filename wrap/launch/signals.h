/*
 * Signals of the launcher: held from before the launch until it exits, read
 * through a signalfd, passed on to whom they were meant for.
 *
 *	signals_hold(&s);               before the launch
 *	signals_witness(&s, argv);      just before it
 *	signals_restore(&s);            in the child, just before exec
 *	signals_open(&s);               after the launch
 *	signals_take / signals_pass     whenever s.fd is readable / due
 *	signals_finish / _reap          the command is over
 *
 * The command in our place would have got what is sent to us alone: it gets it.
 * What is sent to the whole group it has already; the witness tells. What the
 * command, or a process below it, sends to its parent is for ours.
 */
#ifndef LAUNCH_SIGNALS_H
#define LAUNCH_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "wrap/launch/witness.h"

/* So long after we have a signal every process of the group has it, too, if it
 * was for all of them: also where somebody sends it to one after the other. */
#define SIGNALS_PASS_MS 20
/* Signals that wait to be passed on; more at the same time stay in the kernel's
 * queue until then. */
#define SIGNALS_WAITING_MAX 32
/* What the witness had lately. */
#define SIGNALS_HEARD_MAX (2 * WITNESS_HEARD_MAX)

struct signals_waiting {
	int signo, code;
	pid_t sender; /* 0: the kernel, or another PID namespace */
	union sigval value;
	bool for_caller;
	bool early; /* perhaps from before there was a command */
	int64_t due_ms;
};

struct signals {
	int fd;
	sigset_t entry_mask;
	struct sigaction entry_child;
	pid_t caller; /* our parent; 0: out of our sight */
	struct witness witness;
	struct {
		struct witness_heard what;
		int64_t at_ms;
	} heard[SIGNALS_HEARD_MAX];
	size_t heard_at; /* the oldest */
	struct signals_waiting waiting[SIGNALS_WAITING_MAX];
	int waiting_len;
	bool has_taken; /* all that was there at the launch */
};

/* What signals_take has seen beyond what it keeps to pass on. */
struct signals_seen {
	bool child; /* some child changed its state */
	bool hurry; /* we are asked to end (only while draining) */
	bool stop;  /* we are asked to stop (only while draining) */
};

/* Blocks every signal and makes sure that children can be waited for. */
void signals_hold(struct signals *s);
/* From here on it is told what the whole group gets. `arguments`: ours. */
void signals_witness(struct signals *s, char **arguments);
/* Mask and dispositions as they were at signals_hold. For the child between
 * vfork and exec: system calls only. */
void signals_restore(const struct signals *s);
/* From here on our own writes can't kill us. 0 or a negative errno. */
int signals_open(struct signals *s);

/* What to wait for; -1: there is no room for more just now. */
int signals_fd(const struct signals *s);
/* Reads what has arrived. With `command` above 0 signals are kept to be passed
 * on; with 0 (it has ended) they are for us. */
void signals_take(struct signals *s, pid_t command, int64_t now_ms,
    struct signals_seen *seen);
/* Passes on what is due. Returns when the next one is, or -1. */
int64_t signals_pass(struct signals *s, pid_t command, int64_t now_ms);
/* The command is over (or was never there, 0): what it sent to our caller goes
 * there, the rest is forgotten, the witness can go. */
void signals_finish(struct signals *s, int64_t now_ms);
/* Waits for the end of the witness, so that nobody else has to. */
void signals_reap(struct signals *s);

/* The command was stopped by `signo`: stops us as well, so that the caller sees
 * it. Returns when we go on, or at once where we are to (somebody has continued
 * us just now, the kernel refuses to stop an orphaned process group). */
void signals_stop_with(
    struct signals *s, pid_t command, int signo, int64_t now_ms);
/* Stops this process as `signo` would (SIGTSTP). */
void signals_stop_self(int signo);
/* Dies of `signo` without a core file. Returns only if that is impossible. */
void signals_die_of(int signo);

#endif
