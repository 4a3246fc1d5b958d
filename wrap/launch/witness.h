/*
 * The witness: a process in our group that does nothing but wait, with every
 * signal blocked. Nobody means it, so a signal that it has got was sent to the
 * whole group, and the command has it already. The kernel doesn't tell that of
 * a signal in any other way.
 *
 *	witness_start(&w, argv)		just before the launch
 *	witness_ask(&w, heard)		what it has got since the last time
 *	witness_watch(&w, command)	before we stop with the command
 *	witness_heed(&w)		we go on
 *	witness_end(&w), _reap(&w)	the command is over
 *
 * It has another name and no word of our arguments, so that who looks for us by
 * those finds us alone.
 */
#ifndef LAUNCH_WITNESS_H
#define LAUNCH_WITNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* More at the same time are told by the next answer. */
#define WITNESS_HEARD_MAX 32
#define WITNESS_NAME      "group-witness"

struct witness {
	pid_t pid; /* 0: there is none */
	int link;  /* to it, or -1; it stays open until we exit */
	bool answers;
};

struct witness_heard {
	int signo;
	pid_t sender; /* 0: the kernel, or another PID namespace */
};

/* Where no process can be had for it there is none. `arguments`: ours, as main
 * got them. */
void witness_start(struct witness *w, char **arguments);

/* Waits for the answer, a second at the most: a witness that somebody has
 * stopped is given up. Returns how many were heard, or -1: there is no witness.
 */
int witness_ask(
    struct witness *w, struct witness_heard heard[WITNESS_HEARD_MAX]);

/* A stopped launcher can't see that somebody continues the command alone. From
 * here on the witness looks, and continues us then. */
void witness_watch(const struct witness *w, pid_t command);
void witness_heed(const struct witness *w);

/* Its end begins; is awaited. */
void witness_end(struct witness *w);
void witness_reap(struct witness *w);

#endif
