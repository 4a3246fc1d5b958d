/*
 * Signals of the launcher: it blocks them from before the launch until it
 * exits, reads them through a signalfd, and passes them on to the process for
 * which they were meant.
 *
 *	signals_hold(&s);               before the launch
 *	signals_witness(&s, argv);      just before it
 *	signals_restore(&s);            in the child, just before exec
 *	signals_open(&s);               after the launch
 *	signals_take / signals_pass     whenever s.fd is readable / due
 *	signals_finish / _reap          the command is over
 *
 * A signal sent to us alone goes to the command, which would have got it in our
 * place. A signal sent to the whole group has reached the command already; the
 * witness tells us of it. A signal that the command, or a process below it,
 * sends to its parent goes to our own parent.
 */
#ifndef LAUNCH_SIGNALS_H
#define LAUNCH_SIGNALS_H

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "wrap/launch/witness.h"

/* So long after we get a signal, every process of the group has got it, too, if
 * it was meant for all of them, even if the sender sends it to one after the
 * other. */
#define SIGNALS_PASS_MS 20
/* How many signals may wait to be passed on; further ones stay in the kernel's
 * queue. */
#define SIGNALS_WAITING_MAX 32
/* How many of the witness's recent signals we remember. */
#define SIGNALS_HEARD_MAX (2 * WITNESS_HEARD_MAX)

struct signals_waiting {
	int signo, code;
	pid_t sender; /* 0: the kernel, or another PID namespace */
	union sigval value;
	bool for_caller;
	bool early;    /* it may be older than the command */
	unsigned take; /* the signals_take that read it */
	int64_t due_ms;
};

struct signals {
	int fd; /* -1: none is to be had */
	/* Without: the signal that ended the last wait. */
	siginfo_t taken;
	bool has_taken_one;
	sigset_t entry_mask;
	struct sigaction entry_child;
	pid_t caller; /* our parent; 0: we can't see it */
	struct witness witness;
	struct {
		struct witness_heard what;
		int64_t at_ms;
		unsigned last_take; /* it counts for none behind this one; 0:
				     * for all that come */
	} heard[SIGNALS_HEARD_MAX];
	size_t heard_at;   /* the oldest */
	int64_t forget_ms; /* when we read next, so that what was heard ceases
			    * to count; 0: never */
	struct signals_waiting waiting[SIGNALS_WAITING_MAX];
	int waiting_len;
	unsigned takes; /* of signals_take; after the first one all signals
			 * pending at the launch were taken */
};

/* What signals_take has seen, besides the signals that it keeps to pass on. */
struct signals_seen {
	bool child; /* some child changed its state */
	bool hurry; /* we are asked to end (only while draining) */
	bool stop;  /* we are asked to stop (only while draining) */
};

/* Blocks every signal and makes sure that children can be waited for. */
void signals_hold(struct signals *s);
/* From here on the witness is told what the whole group gets. `arguments`:
 * ours. */
void signals_witness(struct signals *s, char **arguments);
/* Restores mask and dispositions as they were at signals_hold. For the child
 * between vfork and exec: uses system calls only. */
void signals_restore(const struct signals *s);
/* From here on our own writes can't kill us. Returns 0 or a negative errno: no
 * descriptor is to be had. */
int signals_open(struct signals *s);

/* As poll(). The first of `fds` is for the signals (POLLIN: some are there); as
 * long as there is no room for more they wait. */
int signals_poll(
    struct signals *s, struct pollfd *fds, nfds_t count, int wait_ms);
/* Reads the signals that have arrived, if any. With `command` above 0 they are kept to
 * be passed on; with 0 (it has ended) they are for us. */
void signals_take(struct signals *s, pid_t command, int64_t now_ms,
    struct signals_seen *seen);
/* Passes on the signals that are due. Returns when the next one is due or
 * signals_take is to be called at the latest, or -1. */
int64_t signals_pass(struct signals *s, pid_t command, int64_t now_ms);
/* Called when the command is over (0: it never ran): passes the signals that it
 * sent to its parent on to our parent, forgets the rest, and lets the witness
 * end. */
void signals_finish(struct signals *s);
/* Waits for the end of the witness, so that nobody else has to. */
void signals_reap(struct signals *s);

/* `signo` stopped the command: stops us as well, so that our parent sees it.
 * Returns when we are continued, or at once if we must not stop (somebody has
 * continued us just now, or the kernel refuses to stop an orphaned process
 * group). */
void signals_stop_with(struct signals *s, pid_t command, int signo);
/* Stops this process as `signo` (SIGTSTP) would. */
void signals_stop_self(int signo);
/* Dies of `signo` without a core file. Returns only if that is impossible. */
void signals_die_of(int signo);

#endif
