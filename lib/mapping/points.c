#include "mapping/points.h"

uint64_t
points_every(uint64_t n, uint64_t points)
{
	uint64_t every = 1;

	if (points > 0)
		while (n / every >= points)
			every *= 2;
	return every;
}

bool
points_is_due(uint64_t n, uint64_t points)
{
	return n % points_every(n, points) == 0;
}
