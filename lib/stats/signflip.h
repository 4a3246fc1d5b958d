/*
 * The sign-flip test: is the mean of the pairs' differences further from zero than
 * chance makes it? If both sides are the same, a difference is as often positive as
 * negative, so all changes of signs are equally likely. An interval by the bootstrap
 * alone gives too many false alarms where there are few pairs; this test does not.
 *
 * Source: R. A. Fisher, The Design of Experiments (1935), section 21. Up to
 * SIGNFLIP_EXACT differences that are not zero all changes of signs are tried; of more
 * SIGNFLIP_SAMPLES are drawn, and p is (1 + as far) / (1 + drawn): B. Phipson, G. K.
 * Smyth, Permutation p-values should never be zero, Statistical Applications in
 * Genetics and Molecular Biology 9 (2010).
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
