#include "wrap/itrack/compare/result.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "stats/bootstrap.h"
#include "stats/holm.h"
#include "stats/mcnemar.h"
#include "stats/newcombe.h"
#include "stats/signflip.h"

/* All samples begin here, so that the same runs give the same numbers. */
#define SEED 20261127

/* The pairs of one row: of a slice, or of all. */
struct pairs {
	const struct match_slice *slices;
	size_t len;
};

int
result_change(const struct match_pair *pair)
{
	return (int)pair->now->success - (int)pair->base->success;
}

static void
take_success(struct paired_counts *counts, const struct match_pair *pair)
{
	if (pair->base->success && pair->now->success)
		counts->both++;
	else if (pair->base->success)
		counts->first++;
	else if (pair->now->success)
		counts->second++;
	else
		counts->neither++;
}

static void
fill_success(struct result_row *row, const struct pairs *pairs)
{
	struct paired_counts counts = {0};
	struct interval interval;
	double n;

	for (size_t i = 0; i < pairs->len; i++)
		for (size_t k = 0; k < pairs->slices[i].len; k++)
			take_success(&counts, &pairs->slices[i].pairs[k]);
	row->n = counts.both + counts.first + counts.second + counts.neither;
	row->won = counts.second;
	row->lost = counts.first;
	if (row->n == 0)
		return;
	n = (double)row->n;
	interval = newcombe_paired(&counts);
	row->base = (double)(counts.both + counts.first) / n;
	row->now = (double)(counts.both + counts.second) / n;
	row->difference = ((double)counts.second - (double)counts.first) / n;
	row->low = interval.low;
	row->high = interval.high;
	row->p = mcnemar_exact(counts.first, counts.second);
}

/* The differences of the pairs that have the score on both sides, and near enough to
 * each other for a double. */
static double *
differences(struct result_row *row, const struct result *r,
    const struct pairs *pairs, const char *score)
{
	struct sum base_sum = {0}, now_sum = {0};
	double *list = NULL;
	size_t room = 0;

	for (size_t i = 0; i < pairs->len; i++)
		room += pairs->slices[i].len;
	list = xcalloc(room + 1, sizeof list[0]);
	for (size_t i = 0; i < pairs->len; i++)
		for (size_t k = 0; k < pairs->slices[i].len; k++) {
			const struct match_pair *pair =
			    &pairs->slices[i].pairs[k];
			double base =
			    run_case_score(r->base, pair->base, score);
			double now = run_case_score(r->now, pair->now, score);

			if (!isfinite(now - base))
				continue;
			list[row->n++] = now - base;
			sum_add(&base_sum, base);
			sum_add(&now_sum, now);
		}
	if (row->n > 0) {
		row->base = sum_mean(&base_sum);
		row->now = sum_mean(&now_sum);
		row->difference = row->now - row->base;
	}
	return list;
}

static void
fill_score(struct result_row *row, const struct result *r,
    const struct pairs *pairs, const char *score)
{
	double *list = differences(row, r, pairs, score);
	struct interval interval;

	/* With one pair there is no spread from which to draw. */
	if (row->n > 1) {
		interval = bootstrap_mean(list, row->n, SEED);
		row->low = interval.low;
		row->high = interval.high;
	}
	if (row->n > 0)
		row->p = signflip(list, row->n, SEED);
	free(list);
}

static void
fill(struct result_row *row, const struct result *r, const char *metric,
    const struct pairs *pairs)
{
	*row = (struct result_row){.metric = xstrdup(metric),
	    .base = NAN,
	    .now = NAN,
	    .difference = NAN,
	    .low = NAN,
	    .high = NAN,
	    .p = NAN};
	if (strcmp(metric, RESULT_SUCCESS_RATE) == 0)
		fill_success(row, pairs);
	else
		fill_score(row, r, pairs, metric + strlen(RESULT_SCORES));
	row->p_holm = row->p;
	row->verdict = verdict_of(row->difference, row->p, row->n, 1);
}

static bool
has_score(const struct run *run, const char *name)
{
	const struct numbers *names = &run->survey.scores.names;

	for (size_t i = 0; i < names->len; i++)
		if (strcmp(names->keys[i], name) == 0)
			return true;
	return false;
}

static void
add_overall(struct result *r, const char *metric)
{
	struct pairs all = {r->match.slices, r->match.len};

	r->overall =
	    xreallocarray(r->overall, r->row_len + 1, sizeof r->overall[0]);
	fill(&r->overall[r->row_len++], r, metric, &all);
}

/* One slice of all pairs has what stands in `overall` already. */
static void
fill_slice(struct result_row *row, const struct result *r, size_t i,
    const struct pairs *pairs)
{
	if (pairs->slices->len < r->match.pairs) {
		fill(row, r, r->overall[i].metric, pairs);
		return;
	}
	*row = r->overall[i];
	row->metric = xstrdup(row->metric);
}

static void
add_slices(struct result *r)
{
	r->slices = xcalloc(r->match.len + 1, sizeof r->slices[0]);
	for (size_t i = 0; i < r->match.len; i++) {
		struct pairs pairs = {&r->match.slices[i], 1};
		struct result_slice *slice = &r->slices[r->slice_len];

		if (pairs.slices->len == 0)
			continue;
		slice->of = pairs.slices;
		slice->rows = xcalloc(r->row_len, sizeof slice->rows[0]);
		for (size_t k = 0; k < r->row_len; k++)
			fill_slice(&slice->rows[k], r, k, &pairs);
		r->slice_len++;
	}
}

/* Corrects the p of one metric over the slices. */
static void
correct(struct result *r, size_t row)
{
	double *p = xcalloc(2 * r->slice_len + 1, sizeof p[0]);
	double *adjusted = p + r->slice_len;
	size_t tests = 0;

	for (size_t i = 0; i < r->slice_len; i++) {
		p[i] = r->slices[i].rows[row].p;
		tests += !isnan(p[i]);
	}
	holm(p, adjusted, r->slice_len);
	for (size_t i = 0; i < r->slice_len; i++) {
		struct result_row *of = &r->slices[i].rows[row];

		of->p_holm = adjusted[i];
		of->verdict =
		    verdict_of(of->difference, of->p_holm, of->n, tests);
	}
	free(p);
}

void
result_make(struct result *r, const struct run *base, const struct run *now)
{
	const struct numbers *names = &base->survey.scores.names;

	*r = (struct result){.base = base, .now = now};
	match_runs(&r->match, base, now);
	add_overall(r, RESULT_SUCCESS_RATE);
	for (size_t i = 0; i < names->len; i++)
		if (has_score(now, names->keys[i])) {
			char *metric =
			    xasprintf(RESULT_SCORES "%s", names->keys[i]);

			add_overall(r, metric);
			free(metric);
		}
	add_slices(r);
	for (size_t i = 0; i < r->row_len; i++)
		correct(r, i);
}

static void
release_rows(struct result_row *rows, size_t len)
{
	for (size_t i = 0; i < len; i++)
		free(rows[i].metric);
	free(rows);
}

void
result_release(struct result *r)
{
	for (size_t i = 0; i < r->slice_len; i++)
		release_rows(r->slices[i].rows, r->row_len);
	free(r->slices);
	release_rows(r->overall, r->row_len);
	match_release(&r->match);
}

const char *
result_verdict(const struct result_row *row)
{
	bool rate = strcmp(row->metric, RESULT_SUCCESS_RATE) == 0;

	switch (row->verdict) {
	case VERDICT_NOT_ENOUGH:
		return "not enough data";
	case VERDICT_UNCLEAR:
		return "unclear";
	case VERDICT_HIGHER:
		return rate ? "better" : "higher";
	case VERDICT_LOWER:
		return rate ? "worse" : "lower";
	}
	return "";
}
