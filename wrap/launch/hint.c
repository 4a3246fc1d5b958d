#include "wrap/launch/hint.h"

#include <string.h>

#include "wrap/launch/say.h"

/* What both have, and people give to insideLLMs: its own output and directory. */
static const enum option_id theirs[] = {
    OPT_RUN_DIR,
    OPT_QUIET,
    OPT_VERBOSE,
    OPT_HELP,
    OPT_VERSION,
};

static bool
is_theirs(int id)
{
	for (size_t i = 0; i < sizeof(theirs) / sizeof(theirs[0]); i++)
		if ((int)theirs[i] == id)
			return true;
	return false;
}

/* The option of itrack-wrap that the word is, with `=value` or without; NULL:
 * none. */
static const struct option_row *
option_of(const char *word)
{
	size_t len = strcspn(word, "=");

	for (int id = 0; id < options_count(); id++) {
		const struct option_row *row = options_at(id);

		if (word[0] == '-' && word[1] == '-' &&
		    (row->programs & PROGRAM_WRAP) != 0 && !is_theirs(id) &&
		    strlen(row->name) + 2 == len &&
		    strncmp(word + 2, row->name, len - 2) == 0)
			return row;
	}
	return NULL;
}

/* What is behind the word that names insideLLMs; NULL: nothing does. */
static char **
behind_insidellms(const struct options *options)
{
	for (int i = 0; i < options->argument_count; i++)
		if (strcasestr(options->arguments[i], "insidellms") != NULL)
			return options->arguments + i + 1;
	return NULL;
}

void
hint_behind(const struct options *options)
{
	char **words = behind_insidellms(options);
	const struct option_row *row;

	if (words == NULL || options_given(options, OPT_QUIET))
		return;
	for (; *words != NULL; words++) {
		row = option_of(*words);
		if (row == NULL || options->source[row->id] > FROM_DEFAULT)
			continue;
		say("itrack: --%s stands behind the command and goes to "
		    "insideLLMs, not to itrack; for itrack: itrack-wrap "
		    "--%s%s%s -- %s ...",
		    row->name, row->name, row->argument != NULL ? "=" : "",
		    row->argument != NULL ? row->argument : "",
		    options->arguments[0]);
		return;
	}
}
