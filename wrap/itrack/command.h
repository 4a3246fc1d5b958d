/*
 * The commands of `itrack`: one file cmd_NAME.c each, with one constant struct;
 * everything else in it is static. A new command is its file, one declaration
 * here and one line in main.c.
 */
#ifndef WRAP_ITRACK_COMMAND_H
#define WRAP_ITRACK_COMMAND_H

#include "wrap/options/options.h"

/* Exit statuses of itrack. */
#define STATUS_OK      0
#define STATUS_FAILURE 1
#define STATUS_USAGE   125 /* wrong options or arguments, nothing was done */

struct command {
	const char *name;
	enum program program;
	const char *usage; /* "itrack show [option]... dir" */
	const char *about; /* one line */
	/* Does it: prints, returns the exit status. The options are parsed and
	 * --help and --version done already. For wrong arguments it says so by
	 * command_usage() and returns its value. */
	int (*run)(const struct options *options);
};

extern const struct command command_import;
extern const struct command command_sync;
extern const struct command command_status;
extern const struct command command_show;
extern const struct command command_check;
extern const struct command command_doctor;
extern const struct command command_log;

/* One line on standard error, "itrack show: MESSAGE", and where the help is.
 * Returns STATUS_USAGE. */
int command_usage(const struct command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
