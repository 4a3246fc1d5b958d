/*
 * Finds the run directory that a REF means: a directory, an attempt, or `last`, the
 * last finished attempt with the project and the configuration file's name of the run
 * that it is compared with.
 *
 * An attempt's directory may have been removed or overwritten since; then the copy of
 * its records that the local tracker made is taken, if there is one.
 */
#ifndef WRAP_ITRACK_COMPARE_BASE_H
#define WRAP_ITRACK_COMPARE_BASE_H

#include <stddef.h>

#include "base/err.h"

#define BASE_LAST "last"

/* *dir: allocated, bytes. *attempt: allocated, or NULL if REF is a directory. `last`
 * is none of the `dirs`, and like the first of them; without one it is a directory's
 * name. */
int base_find(const char *ref, char *const *dirs, size_t len, char **dir,
    char **attempt, struct err *err);

#endif
