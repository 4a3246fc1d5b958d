/*
 * The 95 % interval of the difference of two rates over the same items.
 *
 * Source: R. G. Newcombe, Improved confidence intervals for the difference between
 * binomial proportions based on paired data, Statistics in Medicine 17 (1998),
 * method 10: the two Wilson intervals, joined by the correlation of the pairs, whose
 * estimate is corrected for continuity.
 */
#ifndef STATS_NEWCOMBE_H
#define STATS_NEWCOMBE_H

#include <stdint.h>

#include "stats/wilson.h"

/* How many pairs succeeded on both sides, in the first alone, in the second alone,
 * and on neither. */
struct paired_counts {
	uint64_t both, first, second, neither;
};

/* The interval of (rate of the second) - (rate of the first); without a pair -1 to
 * 1. */
struct interval newcombe_paired(const struct paired_counts *counts);

#endif
