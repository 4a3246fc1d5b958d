/* Makes the worker's process, in a program of which nothing is known: it may have
 * threads, a filter, any signal mask and any descriptors. */
#ifndef ITRACK_SPAWN_WORKER_H
#define ITRACK_SPAWN_WORKER_H

#include <sys/types.h>

#include "itrack/handle.h"

/* The worker has a session of its own, the caller's variables that trackers need,
 * and of its descriptors `link` alone, as LIBRARY_LINK_FD; `link` is above that.
 * `word`: the worker's first argument. 0 or a negative errno. */
int worker_spawn(const struct itrack_tracker *t, const struct run *run,
    const char *word, int link, pid_t *pid);

#endif
