#include "stats/wilson.h"

#include <math.h>

struct interval
wilson(uint64_t part, uint64_t whole)
{
	const double z2 = STATS_Z * STATS_Z;
	double n = (double)whole, k = (double)part, middle, half;

	if (whole == 0)
		return (struct interval){0, 1};
	middle = (2 * k + z2) / (2 * (n + z2));
	half = STATS_Z * sqrt(z2 + 4 * k * (n - k) / n) / (2 * (n + z2));
	return (struct interval){
	    part == 0 ? 0 : middle - half, part == whole ? 1 : middle + half};
}
