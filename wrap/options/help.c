/* The layout of --help. */
#include "wrap/options/private.h"

#include <stdio.h>
#include <string.h>

#define HELP_COLUMN 30
#define HELP_WIDTH  79

/* Prints words from `column` on, in lines that begin at HELP_COLUMN. */
static void
print_words(const char *text, int column)
{
	while (*text != '\0') {
		int len = (int)strcspn(text, " ");

		if (column > HELP_COLUMN && column + 1 + len > HELP_WIDTH) {
			printf("\n%*s", HELP_COLUMN, "");
			column = HELP_COLUMN;
		} else if (column > HELP_COLUMN) {
			putchar(' ');
			column++;
		}
		printf("%.*s", len, text);
		column += len;
		text += len;
		text += strspn(text, " ");
	}
	putchar('\n');
}

static void
print_option(const struct option_row *row)
{
	char words[256];
	int column, len;

	if (row->letter != 0)
		column = printf("  -%c, --%s", row->letter, row->name);
	else
		column = printf("      --%s", row->name);
	if (row->form == FORM_OPTIONAL_WORD)
		column += printf("[=%s]", row->argument);
	else if (row->argument != NULL)
		column += printf(" %s", row->argument);
	if (column >= HELP_COLUMN) {
		putchar('\n');
		column = 0;
	}
	printf("%*s", HELP_COLUMN - column, "");
	len = snprintf(words, sizeof(words), "%s", row->help);
	if (row->fallback != NULL)
		len += snprintf(words + len, sizeof(words) - (size_t)len,
		    " (default: %s)", row->fallback);
	if (row->variable != NULL)
		snprintf(words + len, sizeof(words) - (size_t)len, " [%s]",
		    row->variable);
	print_words(words, HELP_COLUMN);
}

static void
print_group(enum program program, const char *tracker)
{
	bool any = false;

	for (int i = 0; i < options_count(); i++) {
		const struct option_row *row = options_at(i);

		if ((row->programs & (unsigned)program) == 0 ||
		    !options_may_be_typed(row) ||
		    (row->tracker == NULL) != (tracker == NULL) ||
		    (tracker != NULL && strcmp(row->tracker, tracker) != 0))
			continue;
		if (!any && tracker == NULL)
			printf("\nOptions (default) [environment]:\n");
		else if (!any)
			printf("\nOptions of %s:\n", tracker);
		any = true;
		print_option(row);
	}
}

void
options_help(enum program program, const char *usage, const char *about)
{
	printf("usage: %s\n\n%s\n", usage, about);
	print_group(program, NULL);
	for (size_t i = 0; options_tracker(i) != NULL; i++)
		print_group(program, options_tracker(i));
	if (options_at(OPT_TRACK)->programs & (unsigned)program) {
		printf("\nTrackers: ");
		for (size_t i = 0; options_tracker(i) != NULL; i++)
			printf("%s%s", i > 0 ? ", " : "", options_tracker(i));
		putchar('\n');
	}
}
