/*
 * The command's standard output by way of a pipe (--metrics-from-stdout): a
 * process of its own, the copier, passes it on as it is and keeps the last
 * line. It lives as long as somebody holds the pipe, whatever becomes of the
 * launcher: no output is lost.
 *
 *	copy_open(&c)        before the launch; c.write_end is for the command
 *	copy_ask(&c)         the command is over, and we hold nothing of its own
 *	copy_is_done(&c)     what it wrote is passed on
 *	copy_take_line(&c)   c.line: the last that is not blank
 *
 * Limits: the command sees a pipe where a terminal was; when the reader is gone
 * or the disk full it gets SIGPIPE at the next write, not at this one.
 */
#ifndef LAUNCH_COPY_H
#define LAUNCH_COPY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* A longer last line is none of numbers. */
#define COPY_LINE_MAX (64 * 1024)

struct copy_shared;

struct copy {
	bool on;
	int write_end; /* of the pipe; -1: none */
	int link;      /* to the copier; -1: none */
	pid_t pid;     /* of the copier */
	bool leaves;   /* the copier, at once */
	struct copy_shared *shared;
	const char *line; /* NULL: none */
	size_t line_len;
};

/* Makes the pipe and the copier. 0, or a negative errno: the output stays as it
 * is. -EBADF: there is no output. */
int copy_open(struct copy *c);

/* The copier passes on what is there and says so: 1; not yet: 0. */
void copy_ask(const struct copy *c);
bool copy_is_done(struct copy *c);

/* Waits for the copier's end, if it is at hand: it goes on while somebody else
 * holds the pipe. Nobody else may wait for it. */
void copy_reap(const struct copy *c);

/* Whether the line may be an object; sets c->line. */
void copy_take_line(struct copy *c);

#endif
