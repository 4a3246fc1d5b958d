/*
 * The sign-flip test: is the mean of the pairs' differences further from zero than
 * chance makes it? If both sides are the same, a difference is as often positive as
 * negative, so all changes of signs are equally likely. An interval by the bootstrap
 * alone gives too many false alarms where there are few pairs; this test does not.
 *
 * Up to SIGNFLIP_EXACT differences that are not zero all changes of signs are tried. Of
 * more SIGNFLIP_SAMPLES are drawn, so that about half of them lie as far from zero as
 * the pairs do, and each is weighed by how much more often it is drawn than it is likely.
 * So a small p, too, is known to a few hundredths of itself, and a correction for
 * thousands of slices can't hide a clear difference.
 *
 * Source: R. A. Fisher, The Design of Experiments (1935), section 21. D. Siegmund,
 * Importance sampling in the Monte Carlo study of sequential tests, Annals of Statistics
 * 4 (1976), for the tilted signs. M. T. Harrison, Conservative hypothesis tests and
 * confidence intervals using importance sampling, Biometrika 99 (2012): what was observed
 * counts as one that was drawn, so that p is never too small on the average.
 */
#ifndef STATS_SIGNFLIP_H
#define STATS_SIGNFLIP_H

#include <stddef.h>
#include <stdint.h>

#define SIGNFLIP_EXACT   13
#define SIGNFLIP_SAMPLES 10000

/* p, two-sided. The seed determines the result. */
double signflip(const double *differences, size_t len, uint64_t seed);

#endif
