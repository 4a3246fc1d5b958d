/*
 * Reads the command's standard output through a pipe (--metrics-from-stdout): a
 * process of its own, the copier, passes it on unchanged and keeps the last
 * line. The copier lives as long as somebody holds the pipe, even if the
 * launcher dies, so no output is lost.
 *
 *	copy_open(&c)        before the launch; c.write_end is for the command
 *	copy_ask(&c)         the command is over, and we hold nothing of its own
 *	copy_is_done(&c)     what it wrote is passed on
 *	copy_take_line(&c)   c.line: the last that is not blank
 *
 * Limits: the command sees a pipe instead of a terminal. When the reader is
 * gone or the disk is full, it gets SIGPIPE at its next write, not at this one.
 */
#ifndef LAUNCH_COPY_H
#define LAUNCH_COPY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* A longer last line is not read for numbers. */
#define COPY_LINE_MAX (64 * 1024)

struct copy_shared;

struct copy {
	bool on;
	bool whole;    /* all that the command wrote was passed on */
	int write_end; /* of the pipe; -1: none */
	int link;      /* to the copier; -1: none */
	pid_t pid;     /* of the copier */
	bool leaves;   /* the copier leaves at once */
	struct copy_shared *shared;
	const char *line; /* NULL: none */
	size_t line_len;
};

/* Makes the pipe and the copier. Returns 0, or a negative errno: the output
 * stays as it is. -EBADF: there is no output. */
int copy_open(struct copy *c);

/* copy_ask: asks the copier to pass on what the pipe holds, and to say so.
 * copy_is_done: has it done so? */
void copy_ask(const struct copy *c);
bool copy_is_done(struct copy *c);

/* Waits for the copier if it is ending: it goes on while somebody else holds
 * the pipe. No other code may wait for it. */
void copy_reap(const struct copy *c);

/* Called when it has: sets c->line to the last line, if that may be an object. */
void copy_take_line(struct copy *c);

#endif
