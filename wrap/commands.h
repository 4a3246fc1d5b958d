/* The commands that exist; itrack.c lists them in the order of the help. */
#ifndef WRAP_COMMANDS_H
#define WRAP_COMMANDS_H

#include "wrap/command.h"

extern const struct command command_import;
extern const struct command command_sync;
extern const struct command command_status;

#endif
