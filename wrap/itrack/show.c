/*
 * itrack show: what would be tracked of run directories, as JSON here.
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
#include "wrap/itrack/show_text.h"

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
	jsonwrite_open_member(w, "run_ids", '[');
	for (i = 0; i < m->run_ids.len; i++)
		jsonwrite_text(w, sorted[i]);
	jsonwrite_close(w, ']');
	free(sorted);
}

static void
write_count(struct jsonwrite *w, const char *key, uint64_t count)
{
	jsonwrite_int_member(w, key, (int64_t)count);
}

static void
write_statuses(struct jsonwrite *w, const struct mapping *m)
{
	size_t i;

	jsonwrite_open_member(w, "status_counts", '{');
	for (i = 0; i < m->statuses.len; i++)
		write_count(
		    w, m->statuses.list[i]->text, m->statuses.list[i]->count);
	jsonwrite_close(w, '}');
}

/* The means of scores, or the sums of usage; `key` NULL: in an array. */
static void
write_numbers(struct jsonwrite *w, const char *key,
    const struct survey_numbers *n, const struct experiment *x, bool mean)
{
	if (key != NULL)
		jsonwrite_key(w, key);
	jsonwrite_open(w, '{');
	for (size_t i = 0; i < n->names.len; i++) {
		const struct sum *sum = survey_sum(n, x, i);

		if (sum != NULL)
			jsonwrite_double_member(w, n->names.keys[i],
			    mean ? sum_mean(sum) : sum->sum);
	}
	jsonwrite_close(w, '}');
}

static void
write_experiment(struct jsonwrite *w, const struct experiment *x)
{
	const struct tally *t = &x->tally;
	double seconds;

	jsonwrite_open(w, '{');
	jsonwrite_open_member(w, "metrics", '{');
	jsonwrite_double_member(w, "success_rate", tally_success_rate(t));
	jsonwrite_double_member(w, "total_count", (double)t->total_count);
	jsonwrite_double_member(w, "success_count", (double)t->success_count);
	jsonwrite_double_member(w, "error_count", (double)t->error_count);
	if (tally_duration(t, &seconds))
		jsonwrite_double_member(w, "duration_seconds", seconds);
	jsonwrite_close(w, '}');
	jsonwrite_open_member(w, "params", '{');
	jsonwrite_text_member(w, "experiment_id", x->id);
	jsonwrite_text_member(w, "model_name", x->model_name);
	jsonwrite_text_member(w, "model_provider", x->model_provider);
	jsonwrite_text_member(w, "probe_name", x->probe_name);
	jsonwrite_text_member(w, "probe_category", x->probe_category);
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

/* Those of each experiment, in their order. The experiments themselves stand as
 * insideLLMs has them. */
static void
write_own_numbers(struct jsonwrite *w, struct buf *out, const char *key,
    const struct survey *survey, bool scores)
{
	const struct survey_numbers *n =
	    scores ? &survey->scores : &survey->usage;

	jsonwrite_open_member(w, key, '[');
	for (size_t i = 0; i < survey->mapping.live_len; i++) {
		write_numbers(w, NULL, n,
		    mapping_experiment(&survey->mapping, i), scores);
		if (out->len > PIECE_MAX)
			hand_on(out);
	}
	jsonwrite_close(w, ']');
}

static void
write_survey(struct jsonwrite *w, struct buf *out, const struct survey *survey)
{
	const struct mapping *m = &survey->mapping;

	write_run_ids(w, m);
	/* The mapping's, as all that is above and below it. */
	jsonwrite_text_member(w, "schema_version",
	    m->schema_version != NULL ? m->schema_version
				      : MAPPING_SCHEMA_VERSION);
	write_count(w, "record_count", m->record_count);
	write_count(w, "malformed_lines", m->malformed_lines);
	write_statuses(w, m);
	jsonwrite_open_member(w, "experiments", '[');
	for (size_t i = 0; i < m->live_len; i++) {
		write_experiment(w, mapping_experiment(m, i));
		if (out->len > PIECE_MAX)
			hand_on(out);
	}
	jsonwrite_close(w, ']');
	jsonwrite_text_member(w, "run_id", survey_run_id(survey));
	jsonwrite_bool_member(w, "harness", m->harness);
	jsonwrite_bool_member(w, "has_manifest", survey->manifest.there);
	write_count(w, "first_malformed_line", survey->first_malformed);
	write_count(w, "torn_bytes", survey->torn_bytes);
	write_numbers(w, "scores", &survey->scores, NULL, true);
	write_numbers(w, "usage", &survey->usage, NULL, false);
	write_own_numbers(w, out, "experiment_scores", survey, true);
	write_own_numbers(w, out, "experiment_usage", survey, false);
	write_limits(w, m);
}

/* Of one directory its members stand in the object itself. */
static void
print_json(
    const struct survey *surveys, char *const *dirs, size_t len, bool one)
{
	struct jsonwrite w;
	struct buf out;

	print_json_begin(&w, &out);
	if (one && len == 1) {
		write_survey(&w, &out, &surveys[0]);
	} else {
		jsonwrite_open_member(&w, "directories", '[');
		for (size_t i = 0; i < len; i++) {
			jsonwrite_open(&w, '{');
			print_json_bytes(&w, "dir", dirs[i]);
			write_survey(&w, &out, &surveys[i]);
			jsonwrite_close(&w, '}');
		}
		jsonwrite_close(&w, ']');
	}
	print_json_end(&w, &out);
}

/* Reads them all, and names those that can't be read. */
static size_t
read_all(const struct options *options, struct survey *surveys, char **dirs)
{
	size_t len = 0;

	for (int i = 0; i < options->argument_count; i++) {
		struct err err = ERR_INIT;

		dirs[len] = options->arguments[i];
		if (survey_read(&surveys[len], dirs[len], &err) == 0) {
			len++;
			continue;
		}
		survey_release(&surveys[len]);
		print_failure("show", &err);
	}
	return len;
}

static int
show(const struct options *options)
{
	size_t count = (size_t)options->argument_count, len;
	struct survey *surveys;
	char **dirs;

	if (count == 0)
		return command_usage(&command_show, "which directory?");
	surveys = xcalloc(count, sizeof surveys[0]);
	dirs = xcalloc(count, sizeof dirs[0]);
	len = read_all(options, surveys, dirs);
	if (len > 0 && options_given(options, OPT_JSON))
		print_json(surveys, dirs, len, count == 1);
	else if (len > 0 && count == 1)
		show_one(&surveys[0]);
	else if (len > 0)
		show_beside(surveys, dirs, len);
	for (size_t i = 0; i < len; i++)
		survey_release(&surveys[i]);
	free(dirs);
	free(surveys);
	return len == count ? STATUS_OK : STATUS_FAILURE;
}

const struct command command_show = {
    .name = "show",
    .program = PROGRAM_SHOW,
    .usage = "itrack show [--json] dir...",
    .about = "show what would be tracked of run directories, side by side",
    .run = show,
};
