/*
 * The commands of `itrack`: each has a file NAME.c with one constant struct;
 * everything else in it is static. A new command needs its file, one
 * declaration here and one line in main.c.
 */
#ifndef WRAP_ITRACK_COMMAND_H
#define WRAP_ITRACK_COMMAND_H

#include "wrap/options/options.h"

/* Exit statuses of itrack. */
#define STATUS_OK      0
#define STATUS_FAILURE 1
#define STATUS_RULE    122 /* a rule of compare --fail-if holds */
#define STATUS_USAGE   125 /* wrong options or arguments, nothing was done */

struct command {
	const char *name;
	enum program program;
	const char *usage; /* "itrack show [option]... dir" */
	const char *about; /* one line */
	/* Runs the command: prints and returns the exit status. The options
	 * were parsed, and --help and --version handled, before. For wrong
	 * arguments it calls command_usage() and returns its value. */
	int (*run)(const struct options *options);
};

extern const struct command command_import;
extern const struct command command_watch;
extern const struct command command_sync;
extern const struct command command_status;
extern const struct command command_prune;
extern const struct command command_show;
extern const struct command command_compare;
extern const struct command command_report;
extern const struct command command_check;
extern const struct command command_doctor;
extern const struct command command_log;

/* Prints one line on standard error, "itrack show: MESSAGE", and where to find
 * help. Returns STATUS_USAGE. */
int command_usage(const struct command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
