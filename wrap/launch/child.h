/*
 * The command as a child of the launcher: start it, see what becomes of it,
 * end as it did.
 */
#ifndef LAUNCH_CHILD_H
#define LAUNCH_CHILD_H

#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "wrap/launch/inherit.h"
#include "wrap/launch/signals.h"

/* As env(1) and timeout(1) have them. */
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

/* Starts the command, found by PATH as execvp does. Returns 0 when it runs;
 * else the errno of vfork or exec, negative: nothing was started. output: what
 * its standard output is to be; -1: ours. */
int child_start(struct child *c, char **arguments, char **environment,
    int output, const struct signals *signals, const struct inherit *in);

/* Becomes the command, where no process can be had for it: better untracked
 * than not at all. Returns only on failure, a negative errno. */
int child_replace_us(char **arguments, char **environment,
    const struct signals *signals, const struct inherit *in);

/* Takes in a result of wait4 for the command; stops and continues us with it.
 */
void child_changed(struct child *c, int status, const struct rusage *usage,
    struct signals *signals, int64_t now_ms);

/* Ends this process the way the command ended: its exit status, or death by the
 * same signal (as process 1, which can't: 128 + the signal's number). */
_Noreturn void child_exit_as(const struct child *c);

#endif
