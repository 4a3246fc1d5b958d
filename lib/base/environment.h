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

/* The variable's value; NULL: it is not set, or empty. */
const char *environment_value(const char *name);

/* Is "NAME=VALUE" for the worker? */
bool environment_keeps(const char *entry);

#endif
