#include "mapping/points.h"

uint64_t
points_every(uint64_t n, uint64_t points)
{
	int k = 0;

	if (points > 0)
		while (n >> k >= points)
			k++;
	return (uint64_t)1 << k;
}

/* A power of two needs no division, and each record is asked for. */
bool
points_is_due(uint64_t n, uint64_t points)
{
	return (n & (points_every(n, points) - 1)) == 0;
}
