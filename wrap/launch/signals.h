/*
 * Signals of the launcher: held from before the launch until it exits, read
 * through a signalfd, passed on to the command when they were meant for it.
 *
 *	signals_hold(&s);               before the launch
 *	signals_restore(&s);            in the child, just before exec
 *	signals_open(&s);               after the launch
 *	signals_take / signals_pass     whenever s.fd is readable / due
 */
#ifndef LAUNCH_SIGNALS_H
#define LAUNCH_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A signal to the whole group reaches the command too; only if the command has
 * not ended so long after it was the signal for us alone. */
#define SIGNALS_PASS_MS 20
/* Signals that wait to be passed on; more at the same time are dropped, as the
 * kernel drops the second of a pending pair. */
#define SIGNALS_WAITING_MAX 32

struct signals {
	int fd;
	sigset_t entry_mask;
	struct sigaction entry_child;
	struct {
		int signo, code;
		union sigval value;
		int64_t due_ms;
	} waiting[SIGNALS_WAITING_MAX];
	int waiting_len;
	int64_t continued_ms; /* when the command last went on */
};

/* What signals_take has seen beyond what it keeps to pass on. */
struct signals_seen {
	bool child; /* some child changed its state */
	bool hurry; /* we are asked to end (only while draining) */
	bool stop;  /* we are asked to stop (only while draining) */
};

/* Blocks every signal and makes sure that children can be waited for. */
void signals_hold(struct signals *s);
/* Mask and dispositions as they were at signals_hold. For the child between
 * vfork and exec: system calls only. */
void signals_restore(const struct signals *s);
/* From here on our own writes can't kill us. 0 or a negative errno. */
int signals_open(struct signals *s);

/* Reads what has arrived. With `command` above 0 signals for it are kept to be
 * passed on; with 0 (it has ended) they are for us. */
void signals_take(struct signals *s, pid_t command, int64_t now_ms,
    struct signals_seen *seen);
/* Passes on what is due. Returns when the next one is, or -1. */
int64_t signals_pass(struct signals *s, pid_t command, int64_t now_ms);
/* The command was continued, so a SIGCONT to the group reached it. */
void signals_continued(struct signals *s, int64_t now_ms);
/* Forgets what waits: the command is over. */
void signals_forget(struct signals *s);

/* Stops this process as `signo` would (SIGTSTP, SIGTTIN, SIGTTOU); returns when
 * it was continued, or at once where the kernel refuses to stop (an orphaned
 * process group). */
void signals_stop_self(int signo);
/* Dies of `signo` without a core file. Returns only if that is impossible. */
void signals_die_of(int signo);

#endif
