/*
 * itrack: `itrack COMMAND [option]... [argument]...`.
 */
#include "wrap/attempt/log_options.h"
#include "wrap/itrack/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/log.h"
#include "base/process.h"
#include "wrap/options/private.h"

/* In the order of the help; NULL ends it. */
static const struct command *const commands[] = {
    &command_import,
    &command_watch,
    &command_sync,
    &command_status,
    &command_prune,
    &command_show,
    &command_compare,
    &command_report,
    &command_check,
    &command_doctor,
    &command_log,
    NULL,
};

int
command_usage(const struct command *command, const char *format, ...)
{
	va_list ap;

	fprintf(stderr, "itrack %s: ", command->name);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fprintf(stderr, " (itrack %s --help)\n", command->name);
	return STATUS_USAGE;
}

static _Noreturn void
on_death(const char *message)
{
	fprintf(stderr, "itrack: %s\n", message);
	exit(STATUS_FAILURE);
}

static const struct command *
find(const char *name)
{
	for (size_t i = 0; commands[i] != NULL; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

static int
unknown(const char *name)
{
	char hint[NEAREST_HINT_MAX];
	struct nearest nearest;

	nearest_init(&nearest, name);
	for (size_t i = 0; commands[i] != NULL; i++)
		nearest_offer(&nearest, commands[i]->name);
	nearest_hint(&nearest, "", hint);
	if (name[0] == '-')
		snprintf(hint, sizeof(hint),
		    " (the command comes before its options)");
	else if (hint[0] == '\0')
		snprintf(hint, sizeof(hint), " (itrack --help lists them)");
	fprintf(stderr, "itrack: unknown command \"");
	for (const char *c = name; *c != '\0' && c < name + 60; c++)
		fputc((unsigned char)*c < ' ' || *c == 0x7f ? '?' : *c, stderr);
	fprintf(stderr, "\"%s\n", hint);
	return STATUS_USAGE;
}

/* Output that did not arrive (a full disk behind it) is a failure. */
static int
flushed(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fprintf(stderr, "itrack: can't write to standard output\n");
	return status == STATUS_OK ? STATUS_FAILURE : status;
}

static int
print_version(void)
{
	printf("itrack %s\n", ITRACK_VERSION);
	return flushed(STATUS_OK);
}

static int
print_overview(void)
{
	printf("usage: itrack COMMAND [option]... [argument]...\n"
	       "       itrack help COMMAND\n"
	       "       itrack --version\n\n"
	       "Tracks finished insideLLMs runs and looks after what "
	       "itrack-wrap has recorded.\n\nCommands:\n");
	for (size_t i = 0; commands[i] != NULL; i++)
		printf("  %-10s%s\n", commands[i]->name, commands[i]->about);
	return flushed(STATUS_OK);
}

static int
print_help(const struct command *command)
{
	options_help(command->program, command->usage, command->about);
	return flushed(STATUS_OK);
}

static int
run(const struct command *command, int argc, char **argv)
{
	/* Its memory is never freed and stays within reach. */
	static struct options options;
	char message[OPTIONS_MESSAGE_MAX];

	if (options_parse(&options, command->program, argc, argv, message) != 0)
		return command_usage(command, "%s", message);
	if (options_given(&options, OPT_HELP))
		return print_help(command);
	if (options_given(&options, OPT_VERSION))
		return print_version();
	log_options(&options);
	return flushed(command->run(&options));
}

int
main(int argc, char **argv)
{
	const struct command *command;
	const char *word = argc > 1 ? argv[1] : "";

	die_set_hook(on_death);
	process_no_core();
	if (argc < 2) {
		fprintf(stderr, "itrack: which command? (itrack --help)\n");
		return STATUS_USAGE;
	}
	if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0)
		return print_version();
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 ||
	    (strcmp(word, "help") == 0 && argc == 2))
		return print_overview();
	if (strcmp(word, "help") == 0)
		word = argv[2];
	command = find(word);
	if (command == NULL)
		return unknown(word);
	if (strcmp(argv[1], "help") == 0)
		return print_help(command);
	return run(command, argc - 1, argv + 1);
}
