#include "stats/bootstrap.h"

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

struct interval
bootstrap_mean(const double *values, size_t len, uint64_t seed)
{
	double *means = xcalloc(BOOTSTRAP_SAMPLES, sizeof means[0]);
	struct draw d = draw_begin(seed);
	struct interval interval;

	for (size_t i = 0; i < BOOTSTRAP_SAMPLES; i++) {
		double sum = 0;

		for (size_t k = 0; k < len; k++)
			sum += values[draw_below(&d, len)];
		means[i] = sum / (double)len;
	}
	qsort(means, BOOTSTRAP_SAMPLES, sizeof means[0], compare_doubles);
	interval.low = quantile(means, BOOTSTRAP_SAMPLES, 0.025);
	interval.high = quantile(means, BOOTSTRAP_SAMPLES, 0.975);
	free(means);
	return interval;
}
