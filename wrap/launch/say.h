/*
 * The launcher's words, on standard error: mistakes before the launch, and in
 * the end what the worker can't say.
 */
#ifndef LAUNCH_SAY_H
#define LAUNCH_SAY_H

#include "wrap/launch/copy.h"
#include "wrap/launch/tracking.h"
#include "wrap/options/options.h"

/* One line; control characters of names as '?'. */
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);

/* What the worker can't say because it never ran, is dead or does not answer,
 * and what finishes its work. */
void say_report(const struct tracking *t, const struct options *options,
    const struct copy *copy);

#endif
