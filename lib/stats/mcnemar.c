#include "stats/mcnemar.h"

#include <math.h>

/* A term below this share of the sum changes no digit of it. */
#define NEGLIGIBLE 1e-18

double
mcnemar_exact(uint64_t lost, uint64_t won)
{
	uint64_t few = lost < won ? lost : won;
	double n = (double)lost + (double)won, term = 1, sum = 1, p;

	if (lost == won)
		return 1;
	/* P(X <= few), from its largest term downwards. */
	for (double k = (double)few; k > 0 && term > sum * NEGLIGIBLE; k--) {
		term *= k / (n - k + 1);
		sum += term;
	}
	p = 2 * sum *
	    exp(lgamma(n + 1) - lgamma((double)few + 1) -
		lgamma(n - (double)few + 1) - n * M_LN2);
	return p < 1 ? p : 1;
}
