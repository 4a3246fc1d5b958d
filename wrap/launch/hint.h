/*
 * An option of itrack-wrap behind the command goes to the command. Who runs
 * insideLLMs so (`itrack-wrap insidellms run x --track wandb`) means itrack, and
 * would hear of it when the run is over.
 */
#ifndef LAUNCH_HINT_H
#define LAUNCH_HINT_H

#include "wrap/options/options.h"

/* Says so in one line, if such an option stands in the command's arguments, the
 * command names insideLLMs, and itrack-wrap itself was not given the option. */
void hint_behind(const struct options *options);

#endif
