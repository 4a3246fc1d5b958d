#include "mapping/quantiles.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"

/* A bin has the values of one exponent and the same first bits behind it, so
 * its edges differ by a 64th at most and its middle from each by 0.8 %. The bins
 * reach from a millionth to 35 years of milliseconds; what lies outside is in
 * the first or the last one. */
#define BITS      6
#define SHIFT     (52 - BITS)
#define BIAS      1023
#define LOWEST    (-20)
#define OCTAVES   60
#define BIN_COUNT ((size_t)OCTAVES << BITS)
#define FIRST     ((uint64_t)(BIAS + LOWEST) << BITS)

static size_t
bin_of(double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof bits);
	bits >>= SHIFT;
	if (bits < FIRST)
		return 0;
	bits -= FIRST;
	return bits < BIN_COUNT ? (size_t)bits : BIN_COUNT - 1;
}

static double
edge_of(size_t bin)
{
	uint64_t bits = (FIRST + bin) << SHIFT;
	double value;

	memcpy(&value, &bits, sizeof value);
	return value;
}

static void
keep(struct quantiles *q, double value)
{
	q->values = xgrow(q->values, q->count, &q->cap, sizeof q->values[0]);
	q->values[q->count] = value;
	q->sorted = false;
}

static void
move_to_bins(struct quantiles *q)
{
	size_t i;

	q->bins = xcalloc(BIN_COUNT, sizeof q->bins[0]);
	for (i = 0; i < QUANTILES_EXACT; i++)
		q->bins[bin_of(q->values[i])]++;
	free(q->values);
	q->values = NULL;
}

void
quantiles_add(struct quantiles *q, double value)
{
	if (!isfinite(value) || value < 0)
		return;
	/* Of -0.0 the bits are those of a large number. */
	value = value > 0 ? value : 0;
	if (q->count == 0 || value < q->min)
		q->min = value;
	if (q->count == 0 || value > q->max)
		q->max = value;
	if (q->count == QUANTILES_EXACT)
		move_to_bins(q);
	if (q->bins != NULL)
		q->bins[bin_of(value)]++;
	else
		keep(q, value);
	q->count++;
}

void
quantiles_release(struct quantiles *q)
{
	free(q->values);
	free(q->bins);
	*q = (struct quantiles){0};
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Place 0 is the first of the sorted values. */
static double
value_at(struct quantiles *q, double place)
{
	size_t low = (size_t)place, high;

	if (!q->sorted)
		qsort(q->values, q->count, sizeof q->values[0], compare);
	q->sorted = true;
	high = low + 1 < q->count ? low + 1 : low;
	return q->values[low] +
	    (q->values[high] - q->values[low]) * (place - (double)low);
}

static double
bin_at(const struct quantiles *q, double place)
{
	uint64_t before = 0;
	size_t i;
	double value;

	if (place <= 0)
		return q->min;
	if (place >= (double)(q->count - 1))
		return q->max;
	for (i = 0; i < BIN_COUNT - 1; i++) {
		before += q->bins[i];
		if ((double)before > place)
			break;
	}
	value = (edge_of(i) + edge_of(i + 1)) / 2;
	if (value < q->min)
		return q->min;
	return value > q->max ? q->max : value;
}

bool
quantiles_get(struct quantiles *q, double share, double *value)
{
	double place;

	if (q->count == 0)
		return false;
	place = share * (double)(q->count - 1);
	*value = q->bins != NULL ? bin_at(q, place) : value_at(q, place);
	return true;
}
