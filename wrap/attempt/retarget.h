/*
 * Where `itrack sync` delivers an attempt: what its journal has recorded, with
 * the options that are given now. One of the command line stands above what is
 * recorded, one of the environment or the config file fills in what is not.
 */
#ifndef WRAP_ATTEMPT_RETARGET_H
#define WRAP_ATTEMPT_RETARGET_H

#include "base/err.h"
#include "journal/entry.h"
#include "journal/journal.h"
#include "wrap/options/options.h"

/* Makes *target of the start's target `at`, as the options say now; the caller
 * gives it to attempt_free_targets(). Another
 * destination than before is kept beside the cursor, so that the next sync
 * finds it again. -EEXIST: the run exists at the other one already. */
int attempt_retarget(struct target **target, const struct journal *j,
    const struct entry_start *start, size_t at, const struct options *options,
    struct err *err);

#endif
