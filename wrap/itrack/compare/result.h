/*
 * What the pairs of two runs say: of the success rate and of each score, over all
 * pairs and in each slice, how large the difference is, in which interval it lies
 * with 95 %, and whether chance alone may have made it.
 *
 *	result_make(&result, &base, &now);
 *	... result.overall[i], result.slices[k].rows[i] ...
 *	result_release(&result);
 */
#ifndef WRAP_ITRACK_COMPARE_RESULT_H
#define WRAP_ITRACK_COMPARE_RESULT_H

#include "stats/verdict.h"
#include "wrap/itrack/compare/match.h"

#define RESULT_SUCCESS_RATE "success_rate"
#define RESULT_SCORES       "scores/"

/* One metric over the pairs that have it on both sides. A NaN is not known. */
struct result_row {
	char *metric; /* "success_rate", "scores/f1": a text */
	size_t n;
	double base, now, difference;
	double low, high; /* of the difference */
	double p, p_holm; /* p_holm: corrected for the slices */
	size_t won, lost; /* of the success rate: pairs that changed sides */
	enum verdict verdict;
};

struct result_slice {
	const struct match_slice *of;
	struct result_row *rows; /* of the metrics, in the order of `overall` */
};

struct result {
	const struct run *base, *now;
	struct match match;
	struct result_row *overall;
	size_t row_len;
	struct result_slice *slices; /* those that have a pair */
	size_t slice_len;
};

/* The runs must outlive the result. */
void result_make(
    struct result *result, const struct run *base, const struct run *now);
void result_release(struct result *result);

/* "better", "worse" of the success rate; of a score, which may be good or bad,
 * "higher", "lower"; "unclear"; "not enough data". */
const char *result_verdict(const struct result_row *row);

/* Did the pair change sides? 1: it succeeds now; -1: it did before. */
int result_change(const struct match_pair *pair);

#endif
