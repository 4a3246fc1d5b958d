/*
 * Says before the command starts where the trackers will take its runs, and what
 * is known to be wrong with that. What a tracker's settings mean the worker's
 * program knows, which is run for it beside everything else: without a child's
 * signal, and not for long, because the files of settings may be on a server
 * that does not answer. With `local` alone there is nothing to say, and nothing
 * runs.
 */
#ifndef LAUNCH_FORETELL_H
#define LAUNCH_FORETELL_H

#include "wrap/options/options.h"

/* `arguments`: the launcher's own, `worker`: the path of the worker's program.
 * Whatever goes wrong, nothing is said, and the report says it at the end. */
void foretell(
    const struct options *options, char **arguments, const char *worker);

#endif
