/* Results of each run with their intervals, and the curves that led there. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "stats/bootstrap.h"
#include "wrap/itrack/compare/print.h"
#include "wrap/itrack/page/html.h"
#include "wrap/itrack/page/page.h"
#include "wrap/itrack/page/svg.h"

#define SEED 20261127
/* Further scores are in the table alone. */
#define CHARTS_MAX   6
#define CURVE_PLACES 120

static struct interval
interval_of(const struct run *run, const char *metric)
{
	double *values = xcalloc(run->len + 1, sizeof values[0]);
	struct interval interval = {NAN, NAN};
	size_t len = 0;

	for (size_t i = 0; i < run->len; i++) {
		double value = run_case_score(
		    run, &run->cases[i], metric + strlen(RESULT_SCORES));

		if (!isnan(value))
			values[len++] = value;
	}
	if (len > 1)
		interval = bootstrap_mean(values, len, SEED);
	free(values);
	return interval;
}

static void
add_success(const struct page *p, struct buf *out)
{
	struct interval rates[PAGE_RUNS_MAX];

	for (size_t i = 0; i < p->len; i++) {
		const struct tally *t = &p->runs[i]->survey.mapping.all;

		rates[i] = t->total_count > 0
		    ? wilson(t->success_count, t->total_count)
		    : (struct interval){NAN, NAN};
	}
	page_row(p, out, "success rate", RESULT_SUCCESS_RATE, rates);
}

static void
add_score(const struct page *p, struct buf *out, const char *metric)
{
	struct interval means[PAGE_RUNS_MAX];

	for (size_t i = 0; i < p->len; i++)
		means[i] = interval_of(p->runs[i], metric);
	page_row(p, out, metric + strlen(RESULT_SCORES), metric, means);
}

void
page_results(const struct page *p, struct buf *out)
{
	struct page_scores scores = page_scores(p);

	buf_adds(out, "<section id=\"results\"><h2>Results</h2>\n");
	page_table(
	    p, out, "Rates and means with their 95 % intervals", "metric");
	add_success(p, out);
	for (size_t i = 0; i < scores.len; i++)
		add_score(p, out, scores.list[i]);
	page_row(p, out, "records", "total_count", NULL);
	page_row(p, out, "successes", "success_count", NULL);
	page_row(p, out, "errors", "error_count", NULL);
	page_row(p, out, "timeouts", "timeout_count", NULL);
	html_table_end(out);
	buf_adds(out, "</section>\n");
	page_scores_release(&scores);
}

static void
add_chart(const struct page *p, struct buf *out, const char *metric,
    const char *label)
{
	struct curve *curves = xcalloc(p->len, sizeof curves[0]);

	for (size_t i = 0; i < p->len; i++)
		curve_make(&curves[i], p->runs[i], metric, CURVE_PLACES);
	svg_chart(out,
	    &(struct svg_chart){.label = label,
		.curves = curves,
		.names = (const char *const *)p->names,
		.len = p->len,
		.percent = strcmp(metric, RESULT_SUCCESS_RATE) == 0});
	for (size_t i = 0; i < p->len; i++)
		curve_release(&curves[i]);
	free(curves);
}

void
page_curves(const struct page *p, struct buf *out)
{
	struct page_scores scores = page_scores(p);

	buf_adds(out, "<section id=\"curves\"><h2>Curves</h2>\n");
	add_chart(p, out, RESULT_SUCCESS_RATE, "Running success rate");
	for (size_t i = 0; i < scores.len && i < CHARTS_MAX; i++) {
		char *label = xasprintf("Running mean of %s",
		    scores.list[i] + strlen(RESULT_SCORES));

		add_chart(p, out, scores.list[i], label);
		free(label);
	}
	if (scores.len > CHARTS_MAX)
		buf_addf(out,
		    "<p>%zu more scores have no chart; they are in the table "
		    "of "
		    "results.</p>\n",
		    scores.len - CHARTS_MAX);
	buf_adds(out, "</section>\n");
	page_scores_release(&scores);
}
