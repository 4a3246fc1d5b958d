#include "stats/verdict.h"

#include <math.h>

enum verdict
verdict_of(double difference, double p, uint64_t pairs, size_t tests)
{
	/* The least p of so many pairs, of McNemar's test and of sign-flips. */
	double least = ldexp(1, 1 - (int)(pairs < 1000 ? pairs : 1000));

	if (pairs == 0 || least * (double)tests > VERDICT_LEVEL)
		return VERDICT_NOT_ENOUGH;
	if (isnan(p) || isnan(difference) || p > VERDICT_LEVEL ||
	    difference == 0)
		return VERDICT_UNCLEAR;
	return difference > 0 ? VERDICT_HIGHER : VERDICT_LOWER;
}
