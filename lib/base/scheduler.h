/*
 * What a batch system, a CI or a cluster says by variables: where a run runs, and
 * whether it is one of many. libc only: the launcher uses it too.
 */
#ifndef BASE_SCHEDULER_H
#define BASE_SCHEDULER_H

#include <stdbool.h>
#include <stddef.h>

/* The variables that say where a run runs, one after the other; NULL behind the last.
 * No other variable is ever recorded. */
const char *scheduler_variable(size_t i);

/* Does the environment say that this is one of many that a scheduler or a
 * parallel launcher runs at once (a job array, ranks, a matrix)? */
bool scheduler_runs_many(void);

/* Is "NAME=VALUE" a variable that one of these looks at? */
bool scheduler_has(const char *entry);

#endif
