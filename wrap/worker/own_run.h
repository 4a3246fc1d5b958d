/*
 * The run of a command that made no run directory, for the numbers of
 * --metrics-from-stdout. It is named after the command and lies beside where a
 * run directory of that name in the working directory would.
 */
#ifndef WRAP_WORKER_OWN_RUN_H
#define WRAP_WORKER_OWN_RUN_H

#include "wrap/attempt/attempt.h"
#include "wrap/link/link.h"

/* WORKING-DIRECTORY/COMMAND. Allocated. */
char *own_run_dir(const struct options *options);

/* Writes all but the end into a new attempt; or finds what the worker before us
 * left of it: -EALREADY if it has delivered all. */
int own_run_begin(struct attempt **attempt, const struct attempt_config *config,
    const struct link_launched *launched, const char *line, size_t len,
    struct err *err);

#endif
