#include "stats/signflip.h"

#include <math.h>
#include <stdlib.h>

#include "base/die.h"
#include "stats/draw.h"

/* Sums that differ by rounding alone are equally far: this share of the sum of the
 * sizes. */
#define ROUNDING 1e-12

/* The sum with the signs that the bits say, 64 values for a word. */
static double
flipped(const double *sizes, size_t len, struct draw *d)
{
	uint64_t bits = 0;
	double sum = 0;

	for (size_t i = 0; i < len; i++) {
		if (i % 64 == 0)
			bits = draw_bits(d);
		sum += bits & 1 ? sizes[i] : -sizes[i];
		bits >>= 1;
	}
	return sum;
}

static double
exact(const double *sizes, size_t len, double least)
{
	uint64_t all = (uint64_t)1 << len, far = 0;

	for (uint64_t signs = 0; signs < all; signs++) {
		double sum = 0;

		for (size_t i = 0; i < len; i++)
			sum += signs >> i & 1 ? sizes[i] : -sizes[i];
		far += fabs(sum) >= least;
	}
	return (double)far / (double)all;
}

static double
drawn(const double *sizes, size_t len, double least, uint64_t seed)
{
	struct draw d = draw_begin(seed);
	uint64_t far = 0;

	for (size_t i = 0; i < SIGNFLIP_SAMPLES; i++)
		far += fabs(flipped(sizes, len, &d)) >= least;
	return (1 + (double)far) / (1 + (double)SIGNFLIP_SAMPLES);
}

double
signflip(const double *differences, size_t len, uint64_t seed)
{
	double *sizes = xcalloc(len + 1, sizeof sizes[0]);
	double sum = 0, total = 0, most = 0, least, p;
	size_t used = 0;

	for (size_t i = 0; i < len; i++)
		most = fmax(most, fabs(differences[i]));
	/* Shares of the largest have sums, however large it is. */
	for (size_t i = 0; i < len; i++) {
		double share = most > 0 ? differences[i] / most : 0;

		if (share == 0)
			continue;
		sum += share;
		total += fabs(share);
		sizes[used++] = fabs(share);
	}
	least = fabs(sum) - ROUNDING * total;
	p = used <= SIGNFLIP_EXACT ? exact(sizes, used, least)
				   : drawn(sizes, used, least, seed);
	free(sizes);
	return p;
}
