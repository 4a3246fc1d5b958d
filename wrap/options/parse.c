/* Reads a command line and the environment, and decides which of command
 * line, environment, configuration file and default counts. */
#include "wrap/options/private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where the reading of the command line stands. */
struct line {
	int argc;
	char **argv;
	int i;
};

static bool
takes(const struct parse *p, const struct option_row *row)
{
	return row != NULL && (row->programs & (unsigned)p->program) != 0;
}

/* The first of the programs that take the option. */
static const char *
taker(const struct option_row *row)
{
	return options_program_name(
	    (enum program)(row->programs & (~row->programs + 1)));
}

static int
unknown(struct parse *p, const char *name, size_t len)
{
	const struct option_row *row = options_row(name, len);
	char word[64], hint[NEAREST_HINT_MAX];
	struct nearest nearest;

	snprintf(word, sizeof(word), "%.*s", (int)(len < 60 ? len : 60), name);
	if (row != NULL)
		return options_complain(p, "%s does not take --%s; %s does: %s",
		    options_program_name(p->program), word, taker(row),
		    row->help);
	if (options_successor(word) != NULL)
		return options_complain(p,
		    "unknown option --%s: --%s replaced it", word,
		    options_successor(word));
	nearest_init(&nearest, word);
	for (int i = 0; i < options_count(); i++)
		if (takes(p, options_at(i)) &&
		    options_may_be_typed(options_at(i)))
			nearest_offer(&nearest, options_at(i)->name);
	nearest_hint(&nearest, "--", hint);
	return options_complain(p, "unknown option --%s%s", word, hint);
}

/* The value in the argument behind the option. */
static const char *
next_value(struct parse *p, struct line *line, const struct option_row *row)
{
	if (line->i + 1 < line->argc)
		return line->argv[++line->i];
	options_complain(p, "--%s needs a value: --%s %s", row->name, row->name,
	    row->argument);
	return NULL;
}

static bool
needs_value(const struct option_row *row)
{
	return row->form != FORM_FLAG && row->form != FORM_SWITCH &&
	    row->form != FORM_OPTIONAL_WORD;
}

static int
read_long(struct parse *p, struct line *line)
{
	const char *name = line->argv[line->i] + 2;
	size_t len = strcspn(name, "=");
	const char *value = name[len] == '=' ? name + len + 1 : NULL;
	const struct option_row *row = options_row(name, len);
	char label[64];

	if (!takes(p, row))
		return unknown(p, name, len);
	if (!options_may_be_typed(row))
		return options_complain(p,
		    "--%s is no option, since others could see the address: "
		    "set %s, or %s = ADDRESS in the config file",
		    row->name, row->variable, row->name);
	if (value == NULL && needs_value(row) &&
	    (value = next_value(p, line, row)) == NULL)
		return -1;
	snprintf(label, sizeof(label), "--%s", row->name);
	return options_set(p, row, label, value, FROM_COMMAND_LINE);
}

/* -v, -qv, -tLIST, -t LIST, -qtLIST */
static int
read_short(struct parse *p, struct line *line)
{
	const char *c = line->argv[line->i] + 1;

	for (; *c != '\0'; c++) {
		const struct option_row *row = options_row_of_letter(*c);
		const char *value = NULL;
		char label[3] = {'-', *c, '\0'};

		if (!takes(p, row))
			return options_complain(p, "unknown option -%c", *c);
		if (needs_value(row)) {
			value = c[1] != '\0' ? c + 1 : next_value(p, line, row);
			if (value == NULL)
				return -1;
		}
		if (options_set(p, row, label, value, FROM_COMMAND_LINE) != 0)
			return -1;
		if (needs_value(row))
			break;
	}
	return 0;
}

/* Reads the whole command line even if something in it is wrong, because --help
 * may follow. */
static void
read_command_line(struct parse *p, int argc, char **argv)
{
	struct line line = {argc, argv, 1};
	struct options *o = p->options;
	char **others = NULL;
	int count = 0;

	/* The launcher's command is a piece of argv as it is; elsewhere options
	 * may stand between arguments, which are collected. */
	if (p->program != PROGRAM_WRAP) {
		others = options_allocate(((size_t)argc + 1) * sizeof(*others));
		if (others == NULL)
			options_complain(p, "out of memory");
	}
	for (; line.i < argc; line.i++) {
		const char *argument = argv[line.i];

		if (strcmp(argument, "--") == 0) {
			line.i++;
			break;
		}
		if (strncmp(argument, "--", 2) == 0)
			read_long(p, &line);
		else if (argument[0] == '-' && argument[1] != '\0')
			read_short(p, &line);
		else if (others != NULL)
			others[count++] = argv[line.i];
		else
			break;
	}
	if (others == NULL) {
		o->arguments = argv + line.i;
		o->argument_count = argc - line.i;
		return;
	}
	for (; line.i < argc; line.i++)
		others[count++] = argv[line.i];
	o->arguments = others;
	o->argument_count = count;
}

/* Is it a general option, or one of a tracker that is used? */
static bool
is_used(const struct parse *p, const struct option_row *row)
{
	return row->tracker == NULL || !takes(p, options_at(OPT_TRACK)) ||
	    options_tracks(p->options, row->tracker);
}

/* The word of now for one that the tracker's own program takes, too. */
static const char *
word_of_now(const struct option_row *row, const char *value)
{
	const struct option_word *word =
	    row->own != NULL ? row->own->old_words : NULL;

	for (; word != NULL && word->old != NULL; word++)
		if (strcmp(word->old, value) == 0)
			return word->now;
	return value;
}

/* The variables of the general options, or those of the trackers in use. */
static int
read_environment(struct parse *p, bool of_trackers)
{
	for (int i = 0; i < options_count(); i++) {
		const struct option_row *row = options_at(i);
		const char *value;

		if ((row->tracker != NULL) != of_trackers || !takes(p, row) ||
		    row->variable == NULL || !is_used(p, row))
			continue;
		value = getenv(row->variable);
		if (value == NULL || value[0] == '\0' ||
		    p->options->source[i] > FROM_ENVIRONMENT)
			continue;
		value = word_of_now(row, value);
		if (options_set(
			p, row, row->variable, value, FROM_ENVIRONMENT) != 0)
			return -1;
	}
	return 0;
}

static int
set_defaults(struct parse *p)
{
	for (int i = 0; i < options_count(); i++) {
		const struct option_row *row = options_at(i);

		if (row->fallback != NULL && takes(p, row) &&
		    options_set(
			p, row, row->name, row->fallback, FROM_DEFAULT) != 0)
			return -1;
	}
	return 0;
}

/* The trackers' names in the order of the table, each once. */
static int
join_trackers(struct parse *p)
{
	const struct tracker_about *about;
	char list[128];
	size_t len = 0;

	if (p->options->source[OPT_TRACK] == FROM_NOWHERE)
		return 0;
	for (size_t i = 0; (about = tracker_about_at(i)) != NULL; i++)
		if (p->trackers & 1u << i)
			len += (size_t)snprintf(list + len, sizeof(list) - len,
			    "%s%s", len > 0 ? "," : "", about->name);
	p->options->value[OPT_TRACK] = options_keep(list, len);
	if (p->options->value[OPT_TRACK] == NULL)
		return options_complain(p, "out of memory");
	return 0;
}

int
options_parse(struct options *options, enum program program, int argc,
    char **argv, char message[OPTIONS_MESSAGE_MAX])
{
	struct parse p = {
	    .options = options,
	    .program = program,
	    .message = message,
	};

	memset(options, 0, sizeof(*options));
	message[0] = '\0';
	read_command_line(&p, argc, argv);
	if (options_given(options, OPT_HELP) ||
	    options_given(options, OPT_VERSION))
		return 0;
	if (p.failed)
		return -1;
	if (read_environment(&p, false) != 0 || options_config(&p) != 0 ||
	    set_defaults(&p) != 0 || join_trackers(&p) != 0)
		return -1;
	if (read_environment(&p, true) != 0)
		return -1;
	return options_check_addresses(&p);
}
