/*
 * itrack check: the defects of run directories, by name.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "format/jsonwrite.h"
#include "format/text.h"
#include "wrap/itrack/examine/directory.h"
#include "wrap/itrack/command.h"
#include "wrap/itrack/print.h"

static void
print_place(const struct defect *d)
{
	if (d->line > 0)
		printf("line %" PRIu64, d->line);
	if (d->count > 1)
		printf("%s%" PRIu64 " %s", d->line > 0 ? " and " : "",
		    d->line > 0 ? d->count - 1 : d->count,
		    d->line > 0 ? "more" : "times");
	if (d->detail == NULL)
		return;
	if (d->line > 0 || d->count > 1)
		fputs(": ", stdout);
	print_escaped(d->detail, stdout);
}

static void
print_defect(
    const char *dir, const struct check_row *row, const struct defect *d)
{
	print_escaped(dir, stdout);
	printf(": %s: %s", row->name, row->about);
	if (d->line > 0 || d->count > 1 || d->detail != NULL) {
		fputs(" (", stdout);
		print_place(d);
		putchar(')');
	}
	putchar('\n');
}

static size_t
count_defects(const struct check *c)
{
	size_t i, kinds = 0;

	for (i = 0; i < CHECK_COUNT; i++)
		kinds += c->defects[i].count > 0;
	return kinds;
}

static void
print_text(const char *dir, const struct check *c, bool quiet)
{
	size_t i;

	for (i = 0; i < CHECK_COUNT; i++)
		if (c->defects[i].count > 0)
			print_defect(dir, &check_table[i], &c->defects[i]);
	if (count_defects(c) > 0 || quiet)
		return;
	print_escaped(dir, stdout);
	printf(": no defect\n");
}

static void
write_json(struct jsonwrite *w, const char *dir, const struct check *c,
    const struct err *err)
{
	const struct defect *d;
	size_t i;

	jsonwrite_open(w, '{');
	print_json_bytes(w, "directory", dir);
	print_json_bytes(w, "error", err->code != 0 ? err->message : NULL);
	jsonwrite_open_member(w, "defects", '[');
	for (i = 0; i < CHECK_COUNT; i++) {
		d = &c->defects[i];
		if (d->count == 0)
			continue;
		jsonwrite_open(w, '{');
		print_json_bytes(w, "name", check_table[i].name);
		print_json_bytes(w, "about", check_table[i].about);
		jsonwrite_int_member(w, "count", (int64_t)d->count);
		jsonwrite_key(w, "line");
		if (d->line > 0)
			jsonwrite_int(w, (int64_t)d->line);
		else
			jsonwrite_null(w);
		print_json_bytes(w, "detail", d->detail);
		jsonwrite_close(w, '}');
	}
	jsonwrite_close(w, ']');
	jsonwrite_close(w, '}');
}

/* One directory; true: it can be read and has no defect. */
static bool
check_one(const char *dir, const struct options *options, struct jsonwrite *w)
{
	struct err err = ERR_INIT;
	struct check c;
	bool good;

	good = check_directory(&c, dir, &err) == 0 && count_defects(&c) == 0;
	if (options_given(options, OPT_JSON))
		write_json(w, dir, &c, &err);
	else
		print_text(dir, &c,
		    options_given(options, OPT_QUIET) || err.code != 0);
	if (err.code != 0)
		print_failure("check", &err);
	check_release(&c);
	return good;
}

static int
check(const struct options *options)
{
	struct jsonwrite w;
	struct buf out;
	bool json = options_given(options, OPT_JSON), good = true;
	int i;

	if (options->argument_count == 0)
		return command_usage(&command_check, "which directory?");
	if (json) {
		print_json_begin(&w, &out);
		jsonwrite_open_member(&w, "directories", '[');
	}
	for (i = 0; i < options->argument_count; i++)
		good &= check_one(options->arguments[i], options, &w);
	if (json) {
		jsonwrite_close(&w, ']');
		print_json_end(&w, &out);
	}
	return good ? STATUS_OK : STATUS_FAILURE;
}

const struct command command_check = {
    .name = "check",
    .program = PROGRAM_CHECK,
    .usage = "itrack check [--json] dir...",
    .about = "Names every defect of run directories; exits 1 if there is one.",
    .run = check,
};
