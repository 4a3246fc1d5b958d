#include "stats/holm.h"

#include <math.h>
#include <stdlib.h>

#include "base/die.h"

struct place {
	double p;
	size_t at;
};

static int
compare_places(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return (x->p > y->p) - (x->p < y->p);
}

void
holm(const double *p, double *adjusted, size_t len)
{
	struct place *sorted = xcalloc(len + 1, sizeof sorted[0]);
	size_t tests = 0;
	double least = 0;

	for (size_t i = 0; i < len; i++)
		if (isnan(p[i]))
			adjusted[i] = p[i];
		else
			sorted[tests++] = (struct place){p[i], i};
	qsort(sorted, tests, sizeof sorted[0], compare_places);
	for (size_t i = 0; i < tests; i++) {
		least = fmax(least, fmin(1, sorted[i].p * (double)(tests - i)));
		adjusted[sorted[i].at] = least;
	}
	free(sorted);
}
