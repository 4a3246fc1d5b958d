#include "mapping/histogram.h"

#include <errno.h>
#include <math.h>

#include "base/die.h"

#define EDGE_FIRST  1e-12
#define EDGE_BEYOND 1e20
#define EDGE_FACTOR 1.1

void
histogram_init(struct histogram *h)
{
	double edge = EDGE_FIRST;
	size_t i;

	*h = (struct histogram){.count = 0};
	for (i = 1; edge < EDGE_BEYOND; i++) {
		h->edges[HISTOGRAM_POSITIVE_EDGES + i] = edge;
		h->edges[HISTOGRAM_POSITIVE_EDGES - i] = -edge;
		edge *= EDGE_FACTOR;
	}
}

/* The bin of a value between the outermost edges. */
static size_t
find_bin(const struct histogram *h, double value)
{
	size_t low = 0, high = HISTOGRAM_BINS, middle;

	while (high - low > 1) {
		middle = low + (high - low) / 2;
		if (h->edges[middle] <= value)
			low = middle;
		else
			high = middle;
	}
	return low;
}

void
histogram_add(struct histogram *h, double value)
{
	if (!isfinite(value))
		return;
	if (h->count == 0 || value < h->min)
		h->min = value;
	if (h->count == 0 || value > h->max)
		h->max = value;
	h->count++;
	h->sum += value;
	h->sum_squares += value * value;
	if (value >= h->edges[0] && value <= h->edges[HISTOGRAM_EDGES - 1])
		h->counts[find_bin(h, value)]++;
}

int
histogram_fill(const struct histogram *h, struct entry_histogram *e)
{
	size_t first = 0, last = HISTOGRAM_BINS, i;

	while (first < HISTOGRAM_BINS && h->counts[first] == 0)
		first++;
	if (first == HISTOGRAM_BINS)
		return -ENODATA;
	while (h->counts[last - 1] == 0)
		last--;
	e->min = h->min;
	e->max = h->max;
	e->count = (double)h->count;
	e->sum = h->sum;
	e->sum_squares = h->sum_squares;
	e->len = last - first + 1;
	e->limits = xcalloc(e->len, sizeof e->limits[0]);
	e->counts = xcalloc(e->len, sizeof e->counts[0]);
	/* The bucket in front is the empty bin before the first one, or made
	 * up: its count is zero either way. */
	for (i = 0; i < e->len; i++) {
		e->limits[i] = h->edges[first + i];
		if (i > 0)
			e->counts[i] = (double)h->counts[first + i - 1];
	}
	return 0;
}
