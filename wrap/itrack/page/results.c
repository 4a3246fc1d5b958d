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

/* The names that one of the runs has, each once. */
struct metrics {
	char **list;
	size_t len;
};

static void
add_metric(struct metrics *m, const char *name)
{
	for (size_t i = 0; i < m->len; i++)
		if (strcmp(m->list[i], name) == 0)
			return;
	m->list = xreallocarray(m->list, m->len + 1, sizeof m->list[0]);
	m->list[m->len++] = xstrdup(name);
}

static struct metrics
scores_of(const struct page *p)
{
	struct metrics m = {0};

	for (size_t i = 0; i < p->len; i++)
		for (size_t k = 0; k < p->figures[i].len; k++)
			if (strncmp(p->figures[i].list[k].name, RESULT_SCORES,
				strlen(RESULT_SCORES)) == 0)
				add_metric(&m, p->figures[i].list[k].name);
	return m;
}

static void
release(struct metrics *m)
{
	for (size_t i = 0; i < m->len; i++)
		free(m->list[i]);
	free(m->list);
}

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
	buf_adds(out, "<tr><th scope=\"row\">success rate</th>");
	for (size_t i = 0; i < p->len; i++) {
		const struct tally *t = &p->runs[i]->survey.mapping.all;
		struct interval rate = wilson(t->success_count, t->total_count);

		buf_adds(out, "<td>");
		html_value(out, RESULT_SUCCESS_RATE,
		    figures_get(&p->figures[i], RESULT_SUCCESS_RATE));
		if (t->total_count > 0)
			html_interval(
			    out, RESULT_SUCCESS_RATE, rate.low, rate.high);
		buf_adds(out, "</td>");
	}
	buf_adds(out, "</tr>\n");
}

static void
add_figure(
    const struct page *p, struct buf *out, const char *name, const char *shown)
{
	buf_addf(out, "<tr><th scope=\"row\">%s</th>", shown);
	for (size_t i = 0; i < p->len; i++) {
		buf_adds(out, "<td>");
		html_value(out, name, figures_get(&p->figures[i], name));
		buf_adds(out, "</td>");
	}
	buf_adds(out, "</tr>\n");
}

static void
add_score(const struct page *p, struct buf *out, const char *metric)
{
	buf_adds(out, "<tr><th scope=\"row\">");
	html_cut(out, metric + strlen(RESULT_SCORES), PAGE_NAME_MAX);
	buf_adds(out, "</th>");
	for (size_t i = 0; i < p->len; i++) {
		struct interval mean = interval_of(p->runs[i], metric);

		buf_adds(out, "<td>");
		html_value(out, metric, figures_get(&p->figures[i], metric));
		html_interval(out, metric, mean.low, mean.high);
		buf_adds(out, "</td>");
	}
	buf_adds(out, "</tr>\n");
}

void
page_results(const struct page *p, struct buf *out)
{
	struct metrics scores = scores_of(p);

	buf_adds(out,
	    "<section id=\"results\"><h2>Results</h2>\n"
	    "<div class=\"wide\" role=\"group\" tabindex=\"0\" "
	    "aria-label=\"Results\"><table><caption>Rates and means "
	    "with their 95 % intervals</caption><thead><tr>"
	    "<th scope=\"col\">metric</th>");
	for (size_t i = 0; i < p->len; i++) {
		buf_adds(out, "<th scope=\"col\">");
		html_cut(out, p->names[i], PAGE_NAME_MAX);
		buf_adds(out, "</th>");
	}
	buf_adds(out, "</tr></thead><tbody>\n");
	add_success(p, out);
	for (size_t i = 0; i < scores.len; i++)
		add_score(p, out, scores.list[i]);
	add_figure(p, out, "total_count", "records");
	add_figure(p, out, "success_count", "successes");
	add_figure(p, out, "error_count", "errors");
	add_figure(p, out, "timeout_count", "timeouts");
	html_table_end(out);
	buf_adds(out, "</section>\n");
	release(&scores);
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
	struct metrics scores = scores_of(p);

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
	release(&scores);
}
