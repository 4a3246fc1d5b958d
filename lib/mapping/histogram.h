/*
 * A histogram over TensorBoard's default bins (as insideLLMs' log_histogram
 * makes it): edges from 1e-12 on, each 1.1 times the one before, up to 1e20,
 * their mirror image, and zero. Streaming, of fixed size.
 *
 *	histogram_init(&h);
 *	histogram_add(&h, value);              for each value
 *	histogram_fill(&h, &entry.histogram);  0: there was something to count
 */
#ifndef MAPPING_HISTOGRAM_H
#define MAPPING_HISTOGRAM_H

#include <stdint.h>

#include "journal/entry.h"

#define HISTOGRAM_POSITIVE_EDGES 774
#define HISTOGRAM_EDGES          (2 * HISTOGRAM_POSITIVE_EDGES + 1)
#define HISTOGRAM_BINS           (HISTOGRAM_EDGES - 1)

struct histogram {
	double edges[HISTOGRAM_EDGES];
	/* Closed left, open right; the last closed on both sides. */
	uint64_t counts[HISTOGRAM_BINS];
	uint64_t count; /* all values, also those outside the bins */
	double min, max, sum, sum_squares;
};

void histogram_init(struct histogram *h);

/* Non-finite values are left out. */
void histogram_add(struct histogram *h, double value);

/* Fills min .. len of the entry (allocated, the entry owns it): the bins from
 * the first to the last that is not empty and one before them, each with its
 * right edge. -ENODATA: no value lies in a bin; the entry is untouched. */
int histogram_fill(const struct histogram *h, struct entry_histogram *e);

#endif
