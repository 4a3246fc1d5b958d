#include "stats/newcombe.h"

#include <math.h>

/* The correlation of the pairs. */
static double
correlation(const struct paired_counts *counts)
{
	double a = (double)counts->both, b = (double)counts->first;
	double c = (double)counts->second, d = (double)counts->neither;
	double product = (a + b) * (c + d) * (a + c) * (b + d);
	double excess = a * d - b * c;

	if (product == 0)
		return 0;
	if (excess > 0)
		excess = fmax(excess - (a + b + c + d) / 2, 0);
	return excess / sqrt(product);
}

/* How far the difference may be off, where one rate is off by x and the other by y
 * the other way. */
static double
joined(double x, double y, double phi)
{
	return sqrt(fmax(x * x - 2 * phi * x * y + y * y, 0));
}

struct interval
newcombe_paired(const struct paired_counts *counts)
{
	uint64_t n =
	    counts->both + counts->first + counts->second + counts->neither;
	uint64_t k1 = counts->both + counts->first;
	uint64_t k2 = counts->both + counts->second;
	struct interval i1 = wilson(k1, n), i2 = wilson(k2, n);
	double p1, p2, difference, phi = correlation(counts);

	if (n == 0)
		return (struct interval){-1, 1};
	p1 = (double)k1 / (double)n;
	p2 = (double)k2 / (double)n;
	difference =
	    ((double)counts->second - (double)counts->first) / (double)n;
	return (struct interval){
	    difference - joined(p2 - i2.low, i1.high - p1, phi),
	    difference + joined(i2.high - p2, p1 - i1.low, phi)};
}
