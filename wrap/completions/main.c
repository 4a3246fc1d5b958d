/*
 * Prints the table of the options for scripts/completions, which makes the shells'
 * completions of it; nobody installs this program. A line for each option of each
 * program, in fields between tabs:
 *
 *	program, option, letter, kind, words, help
 *
 * program is "itrack-wrap" or "itrack COMMAND"; letter and words are "-" where there
 * are none. The kind says what stands behind the option: flag (nothing), path,
 * trackers (a list of the words), words (one of them), project, attempt, or value
 * (what nobody can guess).
 */
#include <stdio.h>
#include <string.h>

#include "wrap/options/options.h"
#include "wrap/options/private.h"

#define PROGRAMS_MAX 32

static bool
is_shown(const char *tracker)
{
	const char *name;

	if (tracker == NULL)
		return true;
	for (size_t i = 0; (name = options_tracker(i)) != NULL; i++)
		if (strcmp(name, tracker) == 0)
			return true;
	return false;
}

static const char *
kind_of(const struct option_row *row)
{
	switch (row->id) {
	case OPT_TRACK_PROJECT:
	case OPT_PROJECT:
		return "project";
	case OPT_DROP:
		return "attempt";
	default:
		break;
	}
	switch (row->form) {
	case FORM_FLAG:
	case FORM_OPTIONAL_WORD: /* only behind "=" */
		return "flag";
	case FORM_PATH:
	case FORM_TRACKING_URI:
		return "path";
	case FORM_TRACKERS:
		return "trackers";
	case FORM_CHOICE:
		return "words";
	default:
		return row->argument == NULL ? "flag" : "value";
	}
}

static void
print_words(const struct option_row *row, const char *kind)
{
	const char *name;

	if (strcmp(kind, "trackers") == 0)
		for (size_t i = 0; (name = options_tracker(i)) != NULL; i++)
			printf("%s%s", i > 0 ? " " : "", name);
	else if (strcmp(kind, "words") == 0)
		for (const char *c = row->choices; *c != '\0'; c++)
			putchar(*c == '|' ? ' ' : *c);
	else
		putchar('-');
}

static void
print_program(enum program program)
{
	for (int i = 0; i < options_count(); i++) {
		const struct option_row *row = options_at(i);
		const char *kind = kind_of(row);

		if ((row->programs & (unsigned)program) == 0 ||
		    !is_shown(row->tracker) || !options_may_be_typed(row))
			continue;
		printf("%s\t--%s\t", options_program_name(program), row->name);
		if (row->letter != 0)
			printf("-%c", row->letter);
		else
			putchar('-');
		printf("\t%s\t", kind);
		print_words(row, kind);
		printf("\t%s\n", row->help);
	}
}

int
main(void)
{
	unsigned any = 0;

	for (int i = 0; i < options_count(); i++)
		any |= options_at(i)->programs;
	for (unsigned bit = 0; bit < PROGRAMS_MAX; bit++)
		if (any >> bit & 1)
			print_program((enum program)(1U << bit));
	return fflush(stdout) == 0 ? 0 : 1;
}
