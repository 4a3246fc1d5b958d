#include "wrap/itrack/show_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/die.h"
#include "format/text.h"
#include "wrap/itrack/grid.h"

#define LINE_MAX_BYTES ((size_t)1024 * 1024)
/* So many scores have a column in the table of experiments; the JSON has all. */
#define SCORE_COLUMNS 4

static char *
count_text(uint64_t count)
{
	return xasprintf("%ju", (uintmax_t)count);
}

static void
print_field(const char *name, const char *text)
{
	char *safe = grid_text(text);

	printf("%-16s%s\n", name, safe);
	free(safe);
}

static void
print_records(const struct mapping *m)
{
	char *percent = grid_percent(
	    (double)m->all.success_count, (double)m->all.total_count);

	printf("%-16s%ju", "records", (uintmax_t)m->record_count);
	for (size_t i = 0; i < m->statuses.len; i++) {
		char *safe = grid_text(m->statuses.list[i]->text);

		printf("%s%ju %s", i == 0 ? " (" : ", ",
		    (uintmax_t)m->statuses.list[i]->count, safe);
		free(safe);
	}
	printf("%s\n", m->statuses.len > 0 ? ")" : "");
	if (m->record_count > 0)
		printf("%-16s%s\n", "success", percent);
	free(percent);
}

static double
value_of(const struct sum *sum, bool mean)
{
	return mean ? sum_mean(sum) : sum->sum;
}

static void
add_number(struct buf *line, const char *name, double value)
{
	char *number = grid_number(value);

	buf_addf(line, "%s%s %s", line->len > 0 ? ", " : "", name, number);
	free(number);
}

/* "exact_match 0.825, f1 0.7". */
static void
print_numbers(const char *name, const struct survey_numbers *n, bool mean)
{
	struct buf line;

	buf_init(&line, LINE_MAX_BYTES);
	for (size_t i = 0; i < n->names.len; i++) {
		const struct sum *sum = survey_sum(n, NULL, i);

		if (sum != NULL)
			add_number(
			    &line, n->names.keys[i], value_of(sum, mean));
	}
	if (line.len > 0)
		print_field(name, line.data);
	buf_release(&line);
}

static void
print_limits(const struct mapping *m)
{
	struct buf line;

	buf_init(&line, LINE_MAX_BYTES);
	if (mapping_limits_passed(m, &line))
		print_field("limits passed", line.data);
	buf_release(&line);
}

static size_t
score_columns(const struct survey *s)
{
	return s->scores.names.len < SCORE_COLUMNS ? s->scores.names.len
						   : SCORE_COLUMNS;
}

static void
add_experiment(
    struct grid *g, const struct survey *s, const struct experiment *x)
{
	const struct tally *t = &x->tally;
	double seconds;

	grid_add(g, grid_text(x->model_name));
	grid_add(g, grid_text(x->probe_name));
	grid_add(g, count_text(t->total_count));
	grid_add(g, count_text(t->success_count));
	grid_add(g, count_text(t->error_count));
	grid_add(
	    g, grid_percent((double)t->success_count, (double)t->total_count));
	for (size_t i = 0; i < score_columns(s); i++) {
		const struct sum *sum = survey_sum(&s->scores, x, i);

		grid_add(g,
		    sum != NULL ? grid_number(value_of(sum, true))
				: xstrdup("-"));
	}
	grid_add(g,
	    tally_duration(t, &seconds) ? grid_number(seconds) : xstrdup("-"));
}

static void
print_experiments(const struct survey *s)
{
	static const char *const heads[] = {
	    "model", "probe", "total", "success", "error", "success rate"};
	const size_t len = sizeof heads / sizeof heads[0];
	struct grid g;

	grid_init(&g, len + score_columns(s) + 1);
	for (size_t i = 0; i < len; i++)
		grid_add(&g, xstrdup(heads[i]));
	for (size_t i = 0; i < score_columns(s); i++)
		grid_add(&g, grid_text(s->scores.names.keys[i]));
	grid_add(&g, xstrdup("seconds"));
	for (size_t i = 0; i < s->mapping.live_len; i++)
		add_experiment(&g, s, mapping_experiment(&s->mapping, i));
	putchar('\n');
	grid_print(&g);
	grid_release(&g);
}

void
show_one(const struct survey *s)
{
	const struct mapping *m = &s->mapping;

	print_field("run ID", survey_run_id(s));
	if (survey_schema_version(s) != NULL)
		print_field("schema version", survey_schema_version(s));
	printf("%-16s%s\n", "manifest", s->manifest.there ? "yes" : "none");
	print_records(m);
	print_numbers("scores", &s->scores, true);
	print_numbers("usage", &s->usage, false);
	if (m->malformed_lines > 0)
		printf("%-16s%ju (the first is line %ju)\n", "malformed lines",
		    (uintmax_t)m->malformed_lines,
		    (uintmax_t)s->first_malformed);
	if (s->torn_bytes > 0)
		printf("%-16s%ju bytes behind the last newline\n",
		    "not counted", (uintmax_t)s->torn_bytes);
	print_limits(m);
	printf("%-16s%zu\n", "experiments", m->live_len);
	if (m->live_len > 0)
		print_experiments(s);
}

/* A row that each directory has a cell in. */
struct beside {
	struct grid grid;
	const struct survey *surveys;
	size_t len;
};

static void
add_row(struct beside *b, const char *name,
    char *(*cell)(const struct survey *s, const char *name))
{
	grid_add(&b->grid, grid_text(name));
	for (size_t i = 0; i < b->len; i++)
		grid_add(&b->grid, cell(&b->surveys[i], name));
}

static char *
run_id_cell(const struct survey *s, const char *name)
{
	(void)name;
	return grid_text(survey_run_id(s));
}

static char *
manifest_cell(const struct survey *s, const char *name)
{
	(void)name;
	return xstrdup(s->manifest.there ? "yes" : "none");
}

static char *
records_cell(const struct survey *s, const char *name)
{
	(void)name;
	return count_text(s->mapping.record_count);
}

static char *
success_cell(const struct survey *s, const char *name)
{
	const struct tally *t = &s->mapping.all;

	(void)name;
	return grid_percent((double)t->success_count, (double)t->total_count);
}

static char *
errors_cell(const struct survey *s, const char *name)
{
	(void)name;
	return count_text(s->mapping.all.error_count);
}

static char *
timeouts_cell(const struct survey *s, const char *name)
{
	(void)name;
	return count_text(s->mapping.all.timeout_count);
}

static char *
malformed_cell(const struct survey *s, const char *name)
{
	(void)name;
	return count_text(s->mapping.malformed_lines);
}

static char *
number_cell(const struct survey_numbers *n, const char *name, bool mean)
{
	for (size_t i = 0; i < n->names.len; i++) {
		const struct sum *sum = survey_sum(n, NULL, i);

		if (sum != NULL && strcmp(n->names.keys[i], name) == 0)
			return grid_number(value_of(sum, mean));
	}
	return xstrdup("-");
}

static char *
score_cell(const struct survey *s, const char *name)
{
	return number_cell(&s->scores, strchr(name, '/') + 1, true);
}

static char *
usage_cell(const struct survey *s, const char *name)
{
	return number_cell(&s->usage, strchr(name, '/') + 1, false);
}

static char *
experiment_name(const struct experiment *x)
{
	return xasprintf("%s/%s", x->model_name, x->probe_name);
}

static bool
is_named(const struct experiment *x, const char *name)
{
	size_t len = strlen(x->model_name);

	return strncmp(name, x->model_name, len) == 0 && name[len] == '/' &&
	    strcmp(name + len + 1, x->probe_name) == 0;
}

/* The first experiment of that name. */
static char *
experiment_cell(const struct survey *s, const char *name)
{
	for (size_t i = 0; i < s->mapping.live_len; i++) {
		const struct experiment *x = mapping_experiment(&s->mapping, i);

		if (is_named(x, name))
			return grid_percent((double)x->tally.success_count,
			    (double)x->tally.total_count);
	}
	return xstrdup("-");
}

/* Does an earlier row have the name? */
static bool
has_row(const struct beside *b, const char *name)
{
	char *safe = grid_text(name);
	bool found = false;

	for (size_t i = 0; i < b->grid.len && !found; i += b->grid.columns)
		found = strcmp(b->grid.cells[i], safe) == 0;
	free(safe);
	return found;
}

/* Every name that one of them has. */
static void
add_numbers(struct beside *b, const char *prefix, bool scores)
{
	for (size_t i = 0; i < b->len; i++) {
		const struct survey_numbers *n =
		    scores ? &b->surveys[i].scores : &b->surveys[i].usage;

		for (size_t k = 0; k < n->names.len; k++) {
			char *name =
			    xasprintf("%s%s", prefix, n->names.keys[k]);

			if (!has_row(b, name))
				add_row(
				    b, name, scores ? score_cell : usage_cell);
			free(name);
		}
	}
}

static void
add_experiments(struct beside *b)
{
	for (size_t i = 0; i < b->len; i++) {
		const struct mapping *m = &b->surveys[i].mapping;

		for (size_t k = 0; k < m->live_len; k++) {
			char *name = experiment_name(mapping_experiment(m, k));

			if (!has_row(b, name))
				add_row(b, name, experiment_cell);
			free(name);
		}
	}
}

void
show_beside(const struct survey *surveys, char *const *dirs, size_t len)
{
	struct beside b = {.surveys = surveys, .len = len};

	grid_init(&b.grid, len + 1);
	grid_add(&b.grid, xstrdup("directory"));
	for (size_t i = 0; i < len; i++) {
		char *text = text_path_text(dirs[i]);

		grid_add(&b.grid, grid_text(text));
		free(text);
	}
	add_row(&b, "run ID", run_id_cell);
	add_row(&b, "manifest", manifest_cell);
	add_row(&b, "records", records_cell);
	add_row(&b, "success", success_cell);
	add_row(&b, "errors", errors_cell);
	add_row(&b, "timeouts", timeouts_cell);
	add_row(&b, "malformed lines", malformed_cell);
	add_numbers(&b, "scores/", true);
	add_numbers(&b, "usage/", false);
	add_experiments(&b);
	grid_print(&b.grid);
	grid_release(&b.grid);
}
