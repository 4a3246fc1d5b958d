/*
 * The command as a child of the launcher: starts it, follows its state, and
 * ends the launcher as the command ended, or with 126 or 127 if it did not start.
 */
#ifndef LAUNCH_CHILD_H
#define LAUNCH_CHILD_H

#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "wrap/launch/inherit.h"
#include "wrap/launch/signals.h"

/* The values that env(1) and timeout(1) use. */
enum {
	EXIT_OWN_MISTAKE = 125,
	EXIT_NOT_EXECUTABLE = 126,
	EXIT_NOT_FOUND = 127,
	EXIT_NOT_COMPLETE = 123, /* only with --strict */
};

struct child {
	pid_t pid;
	bool ended;
	int status; /* as waitpid gives it, when it has ended */
	struct rusage usage;
};

/* Starts the command, which is found by PATH as with execvp. Returns 0 when it
 * runs; else the negative errno of vfork or exec: nothing was started. output:
 * a descriptor for its standard output; -1: it gets ours. */
int child_start(struct child *c, char **arguments, char **environment,
    int output, const struct signals *signals, const struct inherit *in);

/* Executes the command in place of this process, if no process can be made for
 * it: it is better to run untracked than not at all. Returns only on failure, a
 * negative errno. */
int child_replace_us(char **arguments, char **environment,
    const struct signals *signals, const struct inherit *in);

/* Says that the command could not be started, by the negative errno that the two
 * above return, and ends this process as env(1) does: with 127 where there is no such
 * program, else with 126. */
_Noreturn void child_exit_unstarted(const char *command, int code);

/* Notes a result of wait4 for the command; if the command stopped, stops us
 * until we are continued, too. */
void child_changed(struct child *c, int status, const struct rusage *usage,
    struct signals *signals);

/* Ends this process as the command ended: with its exit status, or by the same
 * signal (process 1, which can't die so, exits with 128 + the signal's
 * number). */
_Noreturn void child_exit_as(const struct child *c);

#endif
