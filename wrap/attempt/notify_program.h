/*
 * Hands a text to a program on its standard input. The program is found by PATH,
 * gets no arguments, our environment without the addresses of --notify, and no
 * output: the command's is not its place.
 *
 *	p = (struct notify_program){.done = done, .data = me};
 *	notify_program_run(&p, loop, "program", &text, &err);
 *	... done(why, data) once, from the loop; why NULL: it ended with 0 ...
 *	notify_program_end(&p);      kills it if it is still there
 */
#ifndef WRAP_ATTEMPT_NOTIFY_PROGRAM_H
#define WRAP_ATTEMPT_NOTIFY_PROGRAM_H

#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/lifeline.h"

/* Zeroed: nothing was handed over. */
struct notify_program {
	pid_t child; /* not waited for; 0: none */
	struct lifeline line;
	void (*done)(const char *why, void *data);
	void *data;
};

int notify_program_run(struct notify_program *p, struct loop *loop,
    const char *program, const struct buf *text, struct err *err);
void notify_program_end(struct notify_program *p);

#endif
