/*
 * The 95 % interval of a rate: Wilson's score interval, without a continuity
 * correction.
 *
 * Source: E. B. Wilson, Probable inference, the law of succession, and statistical
 * inference, Journal of the American Statistical Association 22 (1927).
 */
#ifndef STATS_WILSON_H
#define STATS_WILSON_H

#include <stdint.h>

/* The 97.5 % point of the normal distribution. */
#define STATS_Z 1.959963984540054

struct interval {
	double low, high;
};

/* Of `part` among `whole`; of none it is 0 to 1. */
struct interval wilson(uint64_t part, uint64_t whole);

#endif
