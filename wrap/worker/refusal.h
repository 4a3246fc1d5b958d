/*
 * Why a command may have written no run: insideLLMs refuses a directory that is
 * there and has something in it. It says so to its user and leaves with status
 * 1; nothing tells us, so the places that its processes were asked to write to
 * are noted, and looked at when nothing was tracked.
 *
 *	refusals_look(&r, pid);          of a process that has just begun
 *	refusals_add(&r, dir);           a place that is known otherwise
 *	reason = refusals_reason(&r, launch_ns);
 *	refusals_release(&r);
 */
#ifndef WRAP_WORKER_REFUSAL_H
#define WRAP_WORKER_REFUSAL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A sweep may start thousands of processes, each of which would be read. */
#define REFUSALS_LOOKS_MAX 256
#define REFUSALS_MAX       8

/* A zeroed struct is empty. */
struct refusals {
	char *dirs[REFUSALS_MAX]; /* bytes, absolute */
	size_t len, looks;
};

/* Notes where the process was asked to write a run, if it was. */
void refusals_look(struct refusals *r, pid_t pid);
void refusals_add(struct refusals *r, const char *dir);
/* Of the first place that has something and in which no file of a run has
 * changed since the launch (by the clock of file times): what that means and
 * what to do, in one line, allocated; NULL: there is none. */
char *refusals_reason(const struct refusals *r, int64_t launch_ns);
void refusals_release(struct refusals *r);

#endif
