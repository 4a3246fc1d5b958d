/*
 * The launcher's messages on standard error: mistakes before the launch, and at
 * the end those that the worker can't print.
 */
#ifndef LAUNCH_SAY_H
#define LAUNCH_SAY_H

#include "wrap/launch/copy.h"
#include "wrap/launch/tracking.h"
#include "wrap/options/options.h"

/* Prints one line; control characters in names become '?'. */
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);

/* Says what the worker can't say, because it never ran, is dead or does not
 * answer, and which command finishes its work. */
void say_report(const struct tracking *t, const struct options *options,
    const struct copy *copy);

#endif
