#include "mapping/histogram.h"

#include <errno.h>
#include <math.h>

#include "tap.h"

static struct histogram h;
static struct entry e;

static int
fill(const double *values, size_t count)
{
	size_t i;

	entry_release(&e);
	entry_init(&e, ENTRY_HISTOGRAM, 0);
	histogram_init(&h);
	for (i = 0; i < count; i++)
		histogram_add(&h, values[i]);
	return histogram_fill(&h, &e.histogram);
}

static void
is_buckets(size_t len, double first, double last, const char *name)
{
	const struct entry_histogram *g = &e.histogram;

	if (is_int((long long)g->len, (long long)len, name))
		ok(g->limits[0] == first && g->limits[len - 1] == last,
		    "%s: %.17g .. %.17g", name, g->limits[0],
		    g->limits[len - 1]);
}

int
main(void)
{
	const struct entry_histogram *g = &e.histogram;
	double total = 0;
	size_t i;

	entry_init(&e, ENTRY_HISTOGRAM, 0);
	histogram_init(&h);
	ok(h.edges[HISTOGRAM_EDGES - 1] == 9.920775621859783e19 &&
		h.edges[0] == -9.920775621859783e19,
	    "774 positive edges up to 9.920775621859783e19");
	ok(h.edges[HISTOGRAM_POSITIVE_EDGES] == 0, "zero is the middle");

	fill((double[]){0}, 1);
	is_buckets(2, 0, 1e-12, "{0}");
	ok(g->counts[0] == 0 && g->counts[1] == 1, "an empty one in front");
	fill((double[]){5}, 1);
	is_buckets(2, 4.636194617418625, 5.099814079160488, "{5}");
	fill((double[]){1, 2, 3}, 3);
	is_buckets(14, 0.917246389039776, 3.1665833053880363, "{1,2,3}");
	ok(g->min == 1 && g->max == 3 && g->sum == 6 && g->sum_squares == 14 &&
		g->count == 3,
	    "min, max, sum, sum of squares, count");
	for (i = 0; i < g->len; i++)
		total += g->counts[i];
	ok(total == 3, "every value in a bucket");
	fill((double[]){-1, 0, 1}, 3);
	is_buckets(583, g->limits[0], g->limits[g->len - 1], "{-1,0,1}");

	fill((double[]){h.edges[HISTOGRAM_EDGES - 1]}, 1);
	ok(g->len == 2 && g->limits[1] == h.edges[HISTOGRAM_EDGES - 1],
	    "the last bin is closed on both sides");
	fill((double[]){h.edges[0]}, 1);
	ok(g->len == 2 && g->limits[0] == h.edges[0] && g->counts[0] == 0 &&
		g->counts[1] == 1,
	    "before the first bin a zero is put");
	fill((double[]){1e30, 1, NAN, INFINITY}, 4);
	ok(g->count == 2 && g->max == 1e30 && g->len == 2,
	    "outside the bins counts in the sums alone, not finite nowhere");
	is_int(fill((double[]){1e30}, 1), -ENODATA, "nothing in any bin");
	is_int(fill(NULL, 0), -ENODATA, "no value");
	entry_release(&e);
	return done_testing();
}
