/*
 * The 95 % interval of a mean by the bootstrap: of 10,000 samples of as many values,
 * drawn from the values with replacement, the means between which 95 % lie. For
 * paired data the values are the differences of the pairs.
 *
 * Source: B. Efron, R. J. Tibshirani, An Introduction to the Bootstrap (1993),
 * section 13.3, the percentile interval; between two of the sorted means the place is
 * interpolated, as numpy.percentile does.
 */
#ifndef STATS_BOOTSTRAP_H
#define STATS_BOOTSTRAP_H

#include <stddef.h>
#include <stdint.h>

#include "stats/wilson.h"

#define BOOTSTRAP_SAMPLES 10000

/* `len` is at least 1. The seed determines the result. */
struct interval bootstrap_mean(const double *values, size_t len, uint64_t seed);

#endif
