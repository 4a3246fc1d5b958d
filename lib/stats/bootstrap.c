#include "stats/bootstrap.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "base/die.h"
#include "stats/draw.h"

static int
compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
quantile(const double *sorted, size_t len, double share)
{
	double place = share * (double)(len - 1), below = floor(place);
	size_t i = (size_t)below;

	if (i + 1 >= len)
		return sorted[len - 1];
	return sorted[i] + (place - below) * (sorted[i + 1] - sorted[i]);
}

/* A sum of so many huge values would be infinite. They are made smaller by a power of
 * two, which rounds nothing. */
static double
shrinking(const double *values, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (fabs(values[i]) > DBL_MAX / (double)len)
			return 0x1p-64;
	return 1;
}

/* Rounding may lead past the largest double, which a mean can't. */
static double
grown(double mean, double shrunk)
{
	return fmax(-DBL_MAX, fmin(DBL_MAX, mean / shrunk));
}

struct interval
bootstrap_mean(const double *values, size_t len, uint64_t seed)
{
	double *means = xcalloc(BOOTSTRAP_SAMPLES, sizeof means[0]);
	double shrink = shrinking(values, len);
	struct draw d = draw_begin(seed);
	struct interval interval;

	for (size_t i = 0; i < BOOTSTRAP_SAMPLES; i++) {
		double sum = 0;

		for (size_t k = 0; k < len; k++)
			sum += values[draw_below(&d, len)] * shrink;
		means[i] = sum / (double)len;
	}
	qsort(means, BOOTSTRAP_SAMPLES, sizeof means[0], compare_doubles);
	interval.low = grown(quantile(means, BOOTSTRAP_SAMPLES, 0.025), shrink);
	interval.high =
	    grown(quantile(means, BOOTSTRAP_SAMPLES, 0.975), shrink);
	free(means);
	return interval;
}
