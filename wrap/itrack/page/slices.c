/* The experiments of each run by themselves, and its latencies and usage. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "stats/wilson.h"
#include "wrap/itrack/page/html.h"
#include "wrap/itrack/page/page.h"
#include "wrap/itrack/page/svg.h"

/* So many experiments, of all runs, have a row; `itrack show` has all. */
#define ROWS_MAX 500
/* So many scores have a column. */
#define SCORES_MAX 6
#define BARS       40

/* The experiment's mean of a score. */
static double
score_of(const struct survey *s, const struct experiment *x, const char *metric)
{
	const char *name = metric + strlen(RESULT_SCORES);

	for (size_t i = 0; i < s->scores.names.len; i++) {
		const struct sum *sum = survey_sum(&s->scores, x, i);

		if (sum != NULL && strcmp(s->scores.names.keys[i], name) == 0)
			return sum_mean(sum);
	}
	return NAN;
}

static void
add_experiment(const struct page *p, struct buf *out, size_t run,
    const struct experiment *x, const struct page_scores *scores)
{
	const struct tally *t = &x->tally;
	struct interval rate = wilson(t->success_count, t->total_count);

	buf_adds(out, "<tr>");
	html_head(out, x->model_name);
	buf_adds(out, "<td>");
	html_cut(out, x->probe_name, PAGE_NAME_MAX);
	buf_adds(out, "</td>");
	if (p->len > 1) {
		buf_adds(out, "<td class=\"run\">");
		html_cut(out, p->names[run], PAGE_NAME_MAX);
		buf_adds(out, "</td>");
	}
	html_count(out, (size_t)t->total_count);
	html_count(out, (size_t)t->success_count);
	buf_adds(out, "<td>");
	html_value(out, RESULT_SUCCESS_RATE, tally_success_rate(t));
	html_interval(out, RESULT_SUCCESS_RATE, rate.low, rate.high);
	buf_adds(out, "</td>");
	for (size_t i = 0; i < scores->len && i < SCORES_MAX; i++) {
		buf_adds(out, "<td class=\"n\">");
		html_value(out, RESULT_SCORES,
		    score_of(&p->runs[run]->survey, x, scores->list[i]));
		buf_adds(out, "</td>");
	}
	buf_adds(out, "</tr>\n");
}

static void
add_heads(
    const struct page *p, struct buf *out, const struct page_scores *scores)
{
	html_table_begin(out, "Each model and probe by itself", false);
	html_column(out, "model", false);
	html_column(out, "probe", false);
	if (p->len > 1)
		html_column(out, "run", false);
	html_column(out, "records", true);
	html_column(out, "successes", true);
	html_column(out, "success rate", false);
	for (size_t i = 0; i < scores->len && i < SCORES_MAX; i++)
		html_column(out, scores->list[i] + strlen(RESULT_SCORES), true);
	html_table_rows(out);
}

void
page_slices(const struct page *p, struct buf *out)
{
	struct page_scores scores = page_scores(p);
	size_t rows = 0, more = 0;

	buf_adds(out, "<section id=\"slices\"><h2>Slices</h2>\n");
	add_heads(p, out, &scores);
	for (size_t i = 0; i < p->len; i++) {
		const struct mapping *m = &p->runs[i]->survey.mapping;

		for (size_t k = 0; k < m->live_len; k++)
			if (rows < ROWS_MAX && ++rows > 0)
				add_experiment(p, out, i,
				    mapping_experiment(m, k), &scores);
			else
				more++;
	}
	html_table_end(out);
	if (more > 0)
		buf_addf(out,
		    "<p>%zu more are not shown; <code>itrack show</code> has "
		    "all.</p>\n",
		    more);
	if (scores.len > SCORES_MAX)
		buf_addf(out,
		    "<p>%zu more scores have no column; <code>itrack show"
		    "</code> has all.</p>\n",
		    scores.len - SCORES_MAX);
	buf_adds(out, "</section>\n");
	page_scores_release(&scores);
}

static bool
is_shown(const char *name)
{
	return strncmp(name, "usage/", 6) == 0 ||
	    strncmp(name, "latency", 7) == 0;
}

/* Has a run before this one the name? */
static bool
is_known(const struct page *p, size_t run, const char *name)
{
	for (size_t i = 0; i < run; i++)
		if (!isnan(figures_get(&p->figures[i], name)))
			return true;
	return false;
}

static void
add_bars(const struct page *p, struct buf *out, size_t at)
{
	const struct run *run = p->runs[at];
	double low = run->latency_ms.min, high = run->latency_ms.max;
	size_t counts[BARS] = {0};
	char *label;

	if (run->latency_ms.count == 0)
		return;
	for (size_t i = 0; i < run->len; i++) {
		const struct run_case *c = &run->cases[i];
		double share = (c->latency_ms - low) / (high - low);

		if (!c->success || isnan(c->latency_ms))
			continue;
		share = high > low && share > 0 ? share : 0;
		counts[share < 1 ? (size_t)(share * BARS) : BARS - 1]++;
	}
	label = xasprintf("Latency of the successful records of %s in "
			  "milliseconds, from %.4g to %.4g",
	    p->names[at], low, high);
	svg_bars(out, label, counts, BARS, low, high);
	free(label);
}

void
page_latency(const struct page *p, struct buf *out)
{
	size_t rows = 0;

	buf_adds(out, "<section id=\"latency\"><h2>Latency and usage</h2>\n");
	page_table(p, out,
	    "Milliseconds of the successful records; sums of usage", "value");
	for (size_t i = 0; i < p->len; i++)
		for (size_t k = 0; k < p->figures[i].len; k++) {
			const char *name = p->figures[i].list[k].name;

			if (!is_shown(name) || is_known(p, i, name))
				continue;
			page_row(p, out, name, name, NULL);
			rows++;
		}
	html_table_end(out);
	if (rows == 0)
		buf_adds(out,
		    "<p>The records have neither latencies nor usage.</p>\n");
	for (size_t i = 0; i < p->len; i++)
		add_bars(p, out, i);
	buf_adds(out, "</section>\n");
}
