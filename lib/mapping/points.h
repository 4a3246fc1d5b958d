/*
 * Which records get a point (--points), and which are sent (--records-max): all
 * below `points`, then points / 2 in each doubling of the count. The number of a
 * record decides, not its time, so that a live run and an import of it agree.
 */
#ifndef MAPPING_POINTS_H
#define MAPPING_POINTS_H

#include <stdbool.h>
#include <stdint.h>

/* Of the records of n's size (n: how many there are so far, from 1) one of so many
 * is due: the least power of two with n < points * it. points 0: each is, 1. */
uint64_t points_every(uint64_t n, uint64_t points);
/* Is n a multiple of that? */
bool points_is_due(uint64_t n, uint64_t points);

#endif
