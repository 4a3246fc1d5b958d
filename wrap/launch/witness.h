/*
 * The witness is a process in our group that only waits, with every signal
 * blocked: it says which signals the whole group got, and it continues us when
 * somebody continues the stopped command alone. Nobody sends it a signal on
 * purpose, so a signal that it got was sent to the whole group, and the command
 * has it already. The kernel gives no other way to find that out.
 *
 *	witness_start(&w, argv)		just before the launch
 *	witness_ask(&w, heard)		what it has got since the last time
 *	witness_watch(&w, command)	before we stop with the command
 *	witness_heed(&w)		we go on
 *	witness_end(&w), _reap(&w)	the command is over
 *
 * It has another name and none of our arguments, so that a search for our name
 * or arguments finds only us.
 */
#ifndef LAUNCH_WITNESS_H
#define LAUNCH_WITNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* If there are more at the same time, the next answer tells them. */
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

/* If no process can be made for it, there is no witness. `arguments`: ours, as
 * main got them. */
void witness_start(struct witness *w, char **arguments);

/* Waits for the answer, at most a second: a witness that somebody has stopped
 * is given up. Returns how many signals it heard, or -1: there is no
 * witness. */
int witness_ask(
    struct witness *w, struct witness_heard heard[WITNESS_HEARD_MAX]);

/* While we are stopped we can't see that somebody continues the command alone.
 * From here on the witness looks, and continues us in that case. */
void witness_watch(const struct witness *w, pid_t command);
void witness_heed(const struct witness *w);

/* witness_end begins the end of the witness, witness_reap waits for it. */
void witness_end(struct witness *w);
void witness_reap(struct witness *w);

#endif
