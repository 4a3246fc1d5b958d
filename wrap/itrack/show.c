/*
 * itrack show: what would be tracked of a run directory.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/die.h"
#include "format/jsonwrite.h"
#include "format/text.h"
#include "watcher/survey.h"
#include "wrap/itrack/command.h"
#include "wrap/itrack/print.h"

/* Output is handed on in pieces, one experiment at most in each. */
#define PIECE_MAX ((size_t)1024 * 1024)

/* As Python sorts: by code points (U+0000 is the one out of the bytes' order).
 */
static int
compare_texts(const void *a, const void *b)
{
	const char *x = *(const char *const *)a, *y = *(const char *const *)b;
	uint32_t c, d;

	while (*x != '\0' && *y != '\0') {
		c = text_next(&x);
		d = text_next(&y);
		if (c != d)
			return c < d ? -1 : 1;
	}
	return (*x != '\0') - (*y != '\0');
}

static void
write_run_ids(struct jsonwrite *w, const struct mapping *m)
{
	char **sorted = xcalloc(m->run_ids.len + 1, sizeof sorted[0]);
	size_t i;

	for (i = 0; i < m->run_ids.len; i++)
		sorted[i] = m->run_ids.list[i]->text;
	qsort(sorted, m->run_ids.len, sizeof sorted[0], compare_texts);
	jsonwrite_key(w, "run_ids");
	jsonwrite_open(w, '[');
	for (i = 0; i < m->run_ids.len; i++)
		jsonwrite_text(w, sorted[i]);
	jsonwrite_close(w, ']');
	free(sorted);
}

static void
write_count(struct jsonwrite *w, const char *key, uint64_t count)
{
	jsonwrite_key(w, key);
	jsonwrite_int(w, (int64_t)count);
}

static void
write_text(struct jsonwrite *w, const char *key, const char *text)
{
	jsonwrite_key(w, key);
	jsonwrite_text(w, text);
}

static void
write_statuses(struct jsonwrite *w, const struct mapping *m)
{
	size_t i;

	jsonwrite_key(w, "status_counts");
	jsonwrite_open(w, '{');
	for (i = 0; i < m->statuses.len; i++)
		write_count(
		    w, m->statuses.list[i]->text, m->statuses.list[i]->count);
	jsonwrite_close(w, '}');
}

static void
write_metric(struct jsonwrite *w, const char *key, double value)
{
	jsonwrite_key(w, key);
	jsonwrite_double(w, value);
}

static void
write_experiment(struct jsonwrite *w, const struct experiment *x)
{
	const struct tally *t = &x->tally;
	double seconds;

	jsonwrite_open(w, '{');
	jsonwrite_key(w, "metrics");
	jsonwrite_open(w, '{');
	write_metric(w, "success_rate", tally_success_rate(t));
	write_metric(w, "total_count", (double)t->total_count);
	write_metric(w, "success_count", (double)t->success_count);
	write_metric(w, "error_count", (double)t->error_count);
	if (tally_duration(t, &seconds))
		write_metric(w, "duration_seconds", seconds);
	jsonwrite_close(w, '}');
	jsonwrite_key(w, "params");
	jsonwrite_open(w, '{');
	write_text(w, "experiment_id", x->id);
	write_text(w, "model_name", x->model_name);
	write_text(w, "model_provider", x->model_provider);
	write_text(w, "probe_name", x->probe_name);
	write_text(w, "probe_category", x->probe_category);
	jsonwrite_close(w, '}');
	jsonwrite_close(w, '}');
}

/* What is not complete above: null, or a text that says it. */
static void
write_limits(struct jsonwrite *w, const struct mapping *m)
{
	struct buf line;

	buf_init(&line, PIECE_MAX);
	jsonwrite_key(w, "limits_passed");
	if (mapping_limits_passed(m, &line))
		jsonwrite_text(w, line.data);
	else
		jsonwrite_null(w);
	buf_release(&line);
}

static void
hand_on(struct buf *out)
{
	fwrite(out->data, 1, out->len, stdout);
	buf_reset(out);
}

static void
print_json(const struct survey *survey)
{
	const struct mapping *m = &survey->mapping;
	struct jsonwrite w;
	struct buf out;
	size_t i;

	print_json_begin(&w, &out);
	write_run_ids(&w, m);
	/* The mapping's, as all that is above and below it. */
	write_text(&w, "schema_version",
	    m->schema_version != NULL ? m->schema_version
				      : MAPPING_SCHEMA_VERSION);
	write_count(&w, "record_count", m->record_count);
	write_count(&w, "malformed_lines", m->malformed_lines);
	write_statuses(&w, m);
	jsonwrite_key(&w, "experiments");
	jsonwrite_open(&w, '[');
	for (i = 0; i < m->live_len; i++) {
		write_experiment(&w, mapping_experiment(m, i));
		if (out.len > PIECE_MAX)
			hand_on(&out);
	}
	jsonwrite_close(&w, ']');
	write_text(&w, "run_id", survey_run_id(survey));
	jsonwrite_key(&w, "harness");
	jsonwrite_bool(&w, m->harness);
	jsonwrite_key(&w, "has_manifest");
	jsonwrite_bool(&w, survey->manifest.there);
	write_count(&w, "first_malformed_line", survey->first_malformed);
	write_count(&w, "torn_bytes", survey->torn_bytes);
	write_limits(&w, m);
	print_json_end(&w, &out);
}

enum { COLUMNS = 7 };

struct row {
	char *cells[COLUMNS];
};

static char *
escaped(const char *text)
{
	struct buf out;

	buf_init(&out, SIZE_MAX / 2);
	text_escape(&out, text);
	return buf_steal(&out);
}

static char *
counted(uint64_t count)
{
	return xasprintf("%ju", (uintmax_t)count);
}

static char *
number(double value, bool there)
{
	char text[PYFLOAT_SIZE];

	if (!there)
		return xstrdup("-");
	pyfloat_repr(text, value);
	return xstrdup(text);
}

static struct row
row_of(const struct experiment *x)
{
	const struct tally *t = &x->tally;
	double seconds = 0;
	bool timed = tally_duration(t, &seconds);

	return (struct row){{escaped(x->model_name), escaped(x->probe_name),
	    counted(t->total_count), counted(t->success_count),
	    counted(t->error_count), number(tally_success_rate(t), true),
	    number(seconds, timed)}};
}

static void
print_cell(const char *cell, size_t width, bool last)
{
	size_t length = text_length(cell);

	fputs(cell, stdout);
	for (; !last && length < width + 2; length++)
		putchar(' ');
}

static void
print_table(const struct mapping *m)
{
	struct row *rows = xcalloc(m->live_len + 1, sizeof rows[0]);
	size_t width[COLUMNS] = {0}, i, column, length;

	rows[0] = (struct row){{xstrdup("model"), xstrdup("probe"),
	    xstrdup("total"), xstrdup("success"), xstrdup("error"),
	    xstrdup("success rate"), xstrdup("seconds")}};
	for (i = 0; i < m->live_len; i++)
		rows[i + 1] = row_of(mapping_experiment(m, i));
	for (i = 0; i <= m->live_len; i++)
		for (column = 0; column < COLUMNS; column++) {
			length = text_length(rows[i].cells[column]);
			if (length > width[column])
				width[column] = length;
		}
	for (i = 0; i <= m->live_len; i++) {
		for (column = 0; column < COLUMNS; column++) {
			print_cell(rows[i].cells[column], width[column],
			    column == COLUMNS - 1);
			free(rows[i].cells[column]);
		}
		putchar('\n');
	}
	free(rows);
}

static void
print_field(const char *name, const char *text)
{
	char *safe = escaped(text);

	printf("%-16s%s\n", name, safe);
	free(safe);
}

static void
print_statuses(const struct mapping *m)
{
	char *safe;
	size_t i;

	printf("%-16s%ju", "records", (uintmax_t)m->record_count);
	for (i = 0; i < m->statuses.len; i++) {
		safe = escaped(m->statuses.list[i]->text);
		printf("%s%ju %s", i == 0 ? " (" : ", ",
		    (uintmax_t)m->statuses.list[i]->count, safe);
		free(safe);
	}
	printf("%s\n", m->statuses.len > 0 ? ")" : "");
}

static void
print_limits(const struct mapping *m)
{
	struct buf line;

	buf_init(&line, PIECE_MAX);
	if (mapping_limits_passed(m, &line))
		print_field("limits passed", line.data);
	buf_release(&line);
}

static void
print_text(const struct survey *survey)
{
	const struct mapping *m = &survey->mapping;

	print_field("run ID", survey_run_id(survey));
	if (survey_schema_version(survey) != NULL)
		print_field("schema version", survey_schema_version(survey));
	printf(
	    "%-16s%s\n", "manifest", survey->manifest.there ? "yes" : "none");
	print_statuses(m);
	if (m->malformed_lines > 0)
		printf("%-16s%ju (the first is line %ju)\n", "malformed lines",
		    (uintmax_t)m->malformed_lines,
		    (uintmax_t)survey->first_malformed);
	if (survey->torn_bytes > 0)
		printf("%-16s%ju bytes behind the last newline\n",
		    "not counted", (uintmax_t)survey->torn_bytes);
	print_limits(m);
	printf("%-16s%zu\n", "experiments", m->live_len);
	if (m->live_len == 0)
		return;
	putchar('\n');
	print_table(m);
}

static int
show(const struct options *options)
{
	struct err err = ERR_INIT;
	struct survey survey;
	char *text, *safe;
	int r;

	if (options->argument_count != 1)
		return command_usage(&command_show,
		    options->argument_count == 0 ? "which directory?"
						 : "one directory at a time");
	r = survey_read(&survey, options->arguments[0], &err);
	if (r == 0 && options_given(options, OPT_JSON))
		print_json(&survey);
	else if (r == 0)
		print_text(&survey);
	if (r < 0) {
		text = text_path_text(err.message);
		safe = escaped(text);
		fprintf(stderr, "itrack show: %s\n", safe);
		free(safe);
		free(text);
	}
	survey_release(&survey);
	return r == 0 ? STATUS_OK : STATUS_FAILURE;
}

const struct command command_show = {
    .name = "show",
    .program = PROGRAM_SHOW,
    .usage = "itrack show [--json] dir",
    .about = "show what would be tracked of a run directory",
    .run = show,
};
