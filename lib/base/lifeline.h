/*
 * Tells of the end of another process: by a pidfd, or, where none is to be had (a
 * filter, the kernel, the limit of descriptors), by looking ten times a second.
 *
 *	line = (struct lifeline){.cut = on_end, .data = me};
 *	lifeline_hold(&line, loop, pid);
 *	lifeline_lives(&line)
 *	lifeline_let_go(&line);          also behind the end
 */
#ifndef BASE_LIFELINE_H
#define BASE_LIFELINE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/loop.h"

struct lifeline {
	/* The process has ended. The line is let go by then. */
	void (*cut)(struct lifeline *line);
	void *data; /* the user's own */
	bool held;  /* private from here */
	struct loop *loop;
	struct loop_io io; /* fd -1: none */
	struct loop_timer timer;
	pid_t pid;
	int64_t start;
};

/* 0; -ESRCH: there is no such process; another negative errno: its end can't be
 * told. */
int lifeline_hold(struct lifeline *line, struct loop *loop, pid_t pid);
void lifeline_let_go(struct lifeline *line);
/* False for one that is not held, too. */
bool lifeline_lives(const struct lifeline *line);

#endif
