#include "stats/signflip.h"

#include <math.h>
#include <stdlib.h>

#include "base/die.h"
#include "stats/draw.h"

/* Sums that differ by rounding alone are equally far: this share of the sum of the
 * sizes. */
#define ROUNDING 1e-12
/* Halvings of the range in which the tilt lies. */
#define TILT_STEPS 40
#define TILT_MAX   1e16

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

/* What the sum is expected to be, if a size is positive with 1 / (1 + exp(-2 * size *
 * tilt)). */
static double
expected(const double *sizes, size_t len, double tilt)
{
	double sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += sizes[i] * tanh(sizes[i] * tilt);
	return sum;
}

/* The tilt that makes `sum` the expected one, near enough: any is right, and this one
 * the quickest. */
static double
find_tilt(const double *sizes, size_t len, double sum)
{
	double low = 0, high = 1;

	while (expected(sizes, len, high) < sum && high < TILT_MAX) {
		low = high;
		high *= 2;
	}
	for (int i = 0; i < TILT_STEPS; i++) {
		double middle = (low + high) / 2;

		if (expected(sizes, len, middle) < sum)
			low = middle;
		else
			high = middle;
	}
	return high;
}

/* Both ends of a sum are equally likely, so one is drawn. A sum is the total without
 * twice what is negative. */
static double
drawn(const double *sizes, size_t len, double total, double sum, uint64_t seed)
{
	double least = sum - ROUNDING * total, tilt, scale = 0, weights;
	uint64_t *bounds = xcalloc(len, sizeof bounds[0]);
	struct draw d = draw_begin(seed);

	tilt = find_tilt(sizes, len, least);
	for (size_t i = 0; i < len; i++) {
		double odds = exp(-2 * sizes[i] * tilt);

		bounds[i] = (uint64_t)ldexp(odds / (1 + odds), 64);
		scale += log1p(odds) - M_LN2;
	}
	weights = exp(scale + tilt * (total - sum));
	for (size_t i = 0; i < SIGNFLIP_SAMPLES; i++) {
		double negative = 0;

		for (size_t k = 0; k < len; k++)
			negative += draw_bits(&d) < bounds[k] ? sizes[k] : 0;
		if (total - 2 * negative >= least)
			weights += exp(scale + 2 * tilt * negative);
	}
	free(bounds);
	return fmin(1, 2 * weights / (1 + (double)SIGNFLIP_SAMPLES));
}

double
signflip(const double *differences, size_t len, uint64_t seed)
{
	double *sizes = xcalloc(len + 1, sizeof sizes[0]);
	double sum = 0, total = 0, most = 0, p;
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
	sum = fabs(sum);
	p = used <= SIGNFLIP_EXACT ? exact(sizes, used, sum - ROUNDING * total)
	    : sum <= ROUNDING * total ? 1
				      : drawn(sizes, used, total, sum, seed);
	free(sizes);
	return p;
}
