#include "mapping/quantiles.h"

#include <math.h>

#include "tap.h"

static void
is_near(struct quantiles *q, double share, double want, double error)
{
	double got = -1;

	if (!ok(quantiles_get(q, share, &got) &&
		    fabs(got - want) <= want * error,
		"%g of %ju values: %.17g", share, (uintmax_t)q->count, want))
		printf("# got %.17g\n", got);
}

int
main(void)
{
	struct quantiles q = {0};
	double value;
	int i;

	ok(!quantiles_get(&q, 0.5, &value), "none of no values");
	quantiles_add(&q, INFINITY);
	quantiles_add(&q, (double)NAN);
	quantiles_add(&q, -1);
	ok(!quantiles_get(&q, 0.5, &value), "these are no times");
	quantiles_add(&q, 7);
	is_near(&q, 0, 7, 0);
	is_near(&q, 0.99, 7, 0);
	quantiles_add(&q, 1);
	is_near(&q, 0.5, 4, 0);
	quantiles_add(&q, 2);
	is_near(&q, 0.5, 2, 0);
	is_near(&q, 1, 7, 0);
	quantiles_release(&q);

	/* Not in their order: 77 and 512 have no common divisor. */
	for (i = 0; i < QUANTILES_EXACT; i++)
		quantiles_add(&q, 1 + i * 77 % QUANTILES_EXACT);
	is_near(&q, 0.5, 256.5, 0);
	quantiles_add(&q, 0);
	is_near(&q, 0.5, 256, 0.01);
	for (i = QUANTILES_EXACT + 1; i <= 100000; i++)
		quantiles_add(&q, i);
	is_near(&q, 0, 0, 0);
	is_near(&q, 0.5, 50000, 0.01);
	is_near(&q, 0.95, 95000, 0.01);
	is_near(&q, 0.99, 99000, 0.01);
	is_near(&q, 1, 100000, 0);
	ok(q.min == 0 && q.max == 100000, "the ends");
	quantiles_add(&q, 1e300);
	quantiles_add(&q, -0.0);
	quantiles_add(&q, 5e-324);
	is_near(&q, 0.5, 50000, 0.01);
	quantiles_release(&q);
	return done_testing();
}
