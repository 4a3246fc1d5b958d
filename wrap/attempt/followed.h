/*
 * Decides whether the directory of an attempt without an end is its own still:
 * where it belongs to a later one, the attempt ends with what it has.
 */
#ifndef WRAP_ATTEMPT_FOLLOWED_H
#define WRAP_ATTEMPT_FOLLOWED_H

#include "base/err.h"
#include "journal/entry.h"

/* Has a tracked command begun a run with this directory, or with another one of
 * its name, after the attempt of this start entry? Equal runs write equal records,
 * so the records don't tell. Returns 1, 0, or a negative errno if not all could be
 * looked at. */
int attempt_is_followed(
    const char *state_dir, const struct entry *start, struct err *err);

/* Is the directory of that path the one with which the attempt began? 1, 0: it was
 * made anew, or a negative errno. */
int attempt_has_its_directory(
    const struct entry *start, const char *run_dir, struct err *err);

#endif
