/*
 * What a process keeps when it executes a program, and its child does not get:
 * the command has it as if it were in our place.
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

/* More signals that wait at our start (only real-time signals can be so many)
 * are passed on later, as those that arrive then. */
#define INHERIT_PENDING_MAX 64
#define INHERIT_TIMERS      3
/* The kernel's struct sched_attr in its first form, which every kernel takes:
 * 48 bytes, the first four are its size. (Headers do not agree where it is.) */
#define INHERIT_SCHEDULING_WORDS 12

struct inherit {
	pid_t launcher;
	int parent_death; /* the signal of PR_SET_PDEATHSIG; 0: none */
	int subreaper;
	struct itimerval timers[INHERIT_TIMERS]; /* and alarm(2) */
	/* Size 0: a child has it anyway. */
	uint32_t scheduling[INHERIT_SCHEDULING_WORDS];
	siginfo_t pending[INHERIT_PENDING_MAX];
	int pending_len;
};

/* Takes timers, and the signals that wait because the caller has blocked them,
 * away from this process. */
void inherit_take(struct inherit *in, const sigset_t *blocked);
/* System calls only. Mask and dispositions are restored behind it. */
void inherit_give(const struct inherit *in);
void inherit_drop(const struct inherit *in);

#endif
