/*
 * Hands the command what a process keeps when it executes a program and its
 * child does not get: timers, scheduling, the parent's death signal. We hand
 * them to the command, so that it has them as if it ran in our place.
 *
 *	inherit_take(&in, ...);	all signals are blocked
 *	inherit_give(&in);	in the child just before its exec, or in us
 *				where we become the command
 *	inherit_drop(&in);	the command has it: with us it is in the way
 */
#ifndef LAUNCH_INHERIT_H
#define LAUNCH_INHERIT_H

#include <signal.h>
#include <stdint.h>
#include <sys/time.h>
#include <sys/types.h>

/* If more signals wait at our start (only real-time signals can be so many),
 * the rest is passed on later, like signals that arrive then. */
#define INHERIT_PENDING_MAX 64
#define INHERIT_TIMERS      3
/* The kernel's struct sched_attr in its first form, which every kernel takes:
 * 48 bytes, of which the first four hold its size. (Headers disagree on where
 * it is declared.) */
#define INHERIT_SCHEDULING_WORDS 12

struct inherit {
	pid_t launcher;
	int parent_death; /* the signal of PR_SET_PDEATHSIG; 0: none */
	int subreaper;
	struct itimerval timers[INHERIT_TIMERS]; /* and alarm(2) */
	/* Size 0: a child inherits the scheduling anyway. */
	uint32_t scheduling[INHERIT_SCHEDULING_WORDS];
	siginfo_t pending[INHERIT_PENDING_MAX];
	int pending_len;
};

/* Takes away from this process its timers, and the signals that wait because
 * the caller has blocked them. */
void inherit_take(struct inherit *in, const sigset_t *blocked);
/* Uses system calls only. The caller restores mask and dispositions
 * afterwards. */
void inherit_give(const struct inherit *in);
void inherit_drop(const struct inherit *in);

#endif
