/*
 * Hands a text to a program on its standard input. The program is found by PATH,
 * gets no arguments, our environment without the addresses of --notify, and no
 * output: the command's is not its place.
 *
 *	hand = (struct hand){.done = done, .data = me};
 *	hand_over(&hand, loop, "program", &text, &err);
 *	... done(why, data) once, from the loop; why NULL: it ended with 0 ...
 *	hand_release(&hand);      kills it if it is still there
 */
#ifndef WRAP_ATTEMPT_HAND_H
#define WRAP_ATTEMPT_HAND_H

#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/lifeline.h"

/* Zeroed: nothing was handed over. */
struct hand {
	pid_t child; /* not waited for; 0: none */
	struct lifeline line;
	void (*done)(const char *why, void *data);
	void *data;
};

int hand_over(struct hand *hand, struct loop *loop, const char *program,
    const struct buf *text, struct err *err);
void hand_release(struct hand *hand);

#endif
