/*
 * The environment of the worker: what trackers need, and nothing else. What is
 * in the caller's for other programs (libraries of a module or of conda, a
 * preloaded allocator or clock, OpenSSL's and Python's settings, locales) can't
 * keep it from starting or change what it does. libc only: the launcher uses it
 * too.
 */
#ifndef BASE_ENVIRONMENT_H
#define BASE_ENVIRONMENT_H

#include <stdbool.h>
#include <stddef.h>

/* The variable's value; NULL: it is not set, or empty. */
const char *environment_value(const char *name);

/* Is "NAME=VALUE" for the worker? */
bool environment_keeps(const char *entry);

/* The variables that say where a run runs (a batch system, a CI, a cluster), one
 * after the other; NULL behind the last. No other variable is ever recorded. */
const char *environment_of_run(size_t i);

/* Does the environment say that this is one of many that a scheduler or a
 * parallel launcher runs at once (a job array, ranks, a matrix)? */
bool environment_is_one_of_many(void);

#endif
