/*
 * Quantiles of many values in bounded memory: exact for as many values as
 * QUANTILES_EXACT, to within 1 % beyond. Negative values and those that are not
 * finite are left out: the values are times.
 *
 *	quantiles_add(&q, value);              a zeroed struct is empty
 *	quantiles_get(&q, 0.95, &value)        false: there is no value
 *	quantiles_release(&q);
 */
#ifndef MAPPING_QUANTILES_H
#define MAPPING_QUANTILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QUANTILES_EXACT 512

struct quantiles {
	uint64_t count;
	double min, max;
	/* private */
	double *values; /* the first QUANTILES_EXACT, sorted when asked for */
	size_t cap;
	bool sorted;
	uint64_t *bins; /* NULL: all values are in `values` */
};

void quantiles_add(struct quantiles *q, double value);
void quantiles_release(struct quantiles *q);

/* `share` from 0 to 1; between two values the place is interpolated. */
bool quantiles_get(struct quantiles *q, double share, double *value);

#endif
