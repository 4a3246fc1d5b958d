/*
 * itrack compare: sets runs beside another run and says whether the difference is more
 * than chance, in what they were made differently, and which records changed sides.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/terminal.h"
#include "base/file.h"
#include "format/text.h"
#include "wrap/itrack/command.h"
#include "wrap/itrack/compare/base.h"
#include "wrap/itrack/compare/print.h"
#include "wrap/itrack/compare/step_summary.h"
#include "wrap/itrack/print.h"

struct compare {
	const struct options *options;
	struct print print;
	struct rules rules;
	struct run base;
	struct run *runs;
};

static int
complain(const struct err *err)
{
	print_failure("compare", err);
	return STATUS_FAILURE;
}

/* Reads the run that REF means; `last` means none of `dirs`. */
static int
read_run(struct run *run, const char *ref, char *const *dirs, size_t len,
    struct err *err)
{
	char *dir, *attempt;
	int r = base_find(ref, dirs, len, &dir, &attempt, err);

	*run = (struct run){.survey.fd = -1};
	if (r < 0)
		return r;
	r = run_read(run, dir, err);
	run->attempt = attempt;
	free(dir);
	return r;
}

static void
add_change(struct print_one *one, const struct match_slice *slice, size_t i)
{
	one->changes = xreallocarray(
	    one->changes, one->change_len + 1, sizeof one->changes[0]);
	one->changes[one->change_len++] =
	    (struct print_change){.slice = slice, .pair = &slice->pairs[i]};
}

/* First those that fail now, then those that succeed now, slice by slice. */
static void
find_changes(struct print_one *one)
{
	for (int side = -1; side <= 1; side += 2) {
		for (size_t k = 0; k < one->result.match.len; k++) {
			const struct match_slice *slice =
			    &one->result.match.slices[k];

			for (size_t i = 0; i < slice->len; i++)
				if (result_change(&slice->pairs[i]) == side)
					add_change(one, slice, i);
		}
		if (side < 0)
			one->lost = one->change_len;
	}
}

struct wanted {
	const struct run_case *c;
	struct run_texts *to;
};

static int
compare_wanted(const void *a, const void *b)
{
	const struct wanted *x = a, *y = b;

	return (x->c->number > y->c->number) - (x->c->number < y->c->number);
}

/* Reads the texts of one side of the changes, in the order of the records. */
static int
read_texts(
    struct print_one *one, const struct run *run, bool base, struct err *err)
{
	size_t len = one->change_len;
	struct wanted *wanted = xcalloc(len + 1, sizeof wanted[0]);
	const struct run_case **cases = xcalloc(len + 1, sizeof(void *));
	struct run_texts *texts = xcalloc(len + 1, sizeof texts[0]);
	int r;

	for (size_t i = 0; i < len; i++) {
		struct print_change *c = &one->changes[i];

		wanted[i] = (struct wanted){base ? c->pair->base : c->pair->now,
		    base ? &c->base_texts : &c->texts};
	}
	qsort(wanted, len, sizeof wanted[0], compare_wanted);
	for (size_t i = 0; i < len; i++)
		cases[i] = wanted[i].c;
	r = run_read_texts(run, cases, len, texts, err);
	for (size_t i = 0; i < len; i++)
		*wanted[i].to = texts[i];
	free(texts);
	free(cases);
	free(wanted);
	return r;
}

static int
fill(struct compare *c, struct print_one *one, struct err *err)
{
	int r = 0;

	result_make(&one->result, &c->base, one->run);
	figures_read(&one->figures, one->run);
	settings_compare(&one->settings, &c->base, one->run);
	find_changes(one);
	rules_judge(
	    &c->rules, &one->result, &c->print.base_figures, &one->figures);
	if (c->print.texts)
		r = read_texts(one, &c->base, true, err);
	if (c->print.texts && r == 0)
		r = read_texts(one, one->run, false, err);
	return r;
}

/* Without --base the first of several directories is the base, and one directory is
 * compared with the run before it. */
static int
read_runs(struct compare *c, struct err *err)
{
	const char *ref = c->options->value[OPT_BASE];
	char **dirs = c->options->arguments;
	size_t len = (size_t)c->options->argument_count;
	int r;

	if (ref == NULL && len > 1) {
		ref = *dirs++;
		len--;
	}
	r = read_run(&c->base, ref != NULL ? ref : BASE_LAST, dirs, len, err);
	c->print.base = &c->base;
	c->runs = xcalloc(len, sizeof c->runs[0]);
	c->print.list = xcalloc(len, sizeof c->print.list[0]);
	for (size_t i = 0; i < len && r == 0; i++) {
		r = read_run(&c->runs[i], dirs[i], NULL, 0, err);
		c->print.list[i].run = &c->runs[i];
		c->print.len++;
	}
	if (r == 0)
		figures_read(&c->print.base_figures, &c->base);
	for (size_t i = 0; i < len && r == 0; i++)
		r = fill(c, &c->print.list[i], err);
	return r;
}

static void
release(struct compare *c)
{
	for (size_t i = 0; i < c->print.len; i++) {
		struct print_one *one = &c->print.list[i];

		for (size_t k = 0; k < one->change_len; k++) {
			run_texts_release(&one->changes[k].base_texts);
			run_texts_release(&one->changes[k].texts);
		}
		free(one->changes);
		settings_release(&one->settings);
		figures_release(&one->figures);
		result_release(&one->result);
		run_release(one->run);
	}
	free(c->print.list);
	free(c->runs);
	figures_release(&c->print.base_figures);
	run_release(&c->base);
	rules_release(&c->rules);
}

static bool
wants_colours(void)
{
	return terminal_redraws(STDOUT_FILENO) && terminal_wants_colours();
}

static void
print(const struct print *p, const char *format)
{
	struct buf out;

	buf_init(&out, SIZE_MAX / 2);
	if (strcmp(format, "json") == 0)
		print_json(p, &out);
	else if (strcmp(format, "markdown") == 0)
		print_markdown(p, &out);
	else
		print_text(p, &out);
	fwrite(out.data, 1, out.len, stdout);
	buf_release(&out);
}

static int
judge(const struct rules *rules)
{
	for (size_t i = 0; i < rules->outcome_len; i++)
		if (rules->outcomes[i].state == RULE_OPEN)
			fprintf(stderr,
			    "itrack compare: --fail-if '%s' can't be judged: "
			    "the runs have no such value\n",
			    rules->outcomes[i].text);
	if (rules->broken > 0)
		return STATUS_RULE;
	return rules->open > 0 ? STATUS_FAILURE : STATUS_OK;
}

static int
compare(const struct options *options)
{
	const char *records = options->value[OPT_RECORDS];
	struct compare c = {.options = options};
	char why[RULES_WHY_MAX];
	struct err err = ERR_INIT;
	int status, summary;

	if (options->argument_count == 0)
		return command_usage(&command_compare, "which directory?");
	if (rules_read(&c.rules, options, why) != 0) {
		rules_release(&c.rules);
		return command_usage(&command_compare, "%s", why);
	}
	c.base.survey.fd = -1;
	c.print.rules = &c.rules;
	c.print.texts = records != NULL && strcmp(records, "text") == 0;
	c.print.colours = wants_colours();
	if (read_runs(&c, &err) < 0) {
		status = complain(&err);
		release(&c);
		return status;
	}
	print(&c.print, options->value[OPT_FORMAT]);
	summary = compare_step_summary(&c.print);
	status = judge(&c.rules);
	release(&c);
	return status != STATUS_OK ? status : summary;
}

const struct command command_compare = {
    .name = "compare",
    .program = PROGRAM_COMPARE,
    .usage = "itrack compare [--base REF] [option]... dir...",
    .about = "compare runs: is the difference more than chance",
    .run = compare,
};
