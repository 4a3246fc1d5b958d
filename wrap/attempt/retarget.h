/*
 * Decides where `itrack sync` delivers an attempt, from the options in its
 * journal and those given now. An option on the command line overrides a
 * recorded one; the environment and the config file only fill in options that
 * were not recorded.
 */
#ifndef WRAP_ATTEMPT_RETARGET_H
#define WRAP_ATTEMPT_RETARGET_H

#include "base/err.h"
#include "journal/entry.h"
#include "journal/journal.h"
#include "wrap/options/options.h"

/* Makes *target of the start's target `at` and the present options; the caller
 * gives it to attempt_free_targets(). If the destination has changed, it is
 * kept beside the cursor, so that the next sync finds it again. -EEXIST: the
 * run exists at the earlier destination already. */
int attempt_retarget(struct target **target, const struct journal *j,
    const struct entry_start *start, size_t at, const struct options *options,
    struct err *err);

#endif
