/*
 * McNemar's exact test: did as many pairs change from success to failure as from
 * failure to success?
 *
 * Source: Q. McNemar, Note on the sampling error of the difference between
 * correlated proportions, Psychometrika 12 (1947); the exact form is the two-sided
 * binomial test of the pairs that changed, with probability 1/2.
 */
#ifndef STATS_MCNEMAR_H
#define STATS_MCNEMAR_H

#include <stdint.h>

/* p for `lost` pairs that changed one way and `won` that changed the other. */
double mcnemar_exact(uint64_t lost, uint64_t won);

#endif
