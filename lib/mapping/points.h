/*
 * Which records get a point: all below `points`, then points / 2 in each
 * doubling of the count. The number of a record decides, not its time, so that
 * a live run and an import of it agree.
 */
#ifndef MAPPING_POINTS_H
#define MAPPING_POINTS_H

#include <stdbool.h>
#include <stdint.h>

/* Is n (how many records there are so far, from 1) a multiple of 2^k, where k
 * is the smallest with n < points * 2^k? points 0: true for every record. */
bool points_is_due(uint64_t n, uint64_t points);

#endif
