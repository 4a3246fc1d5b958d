/* Published values; tests/differential/stats.bats compares many with scipy. */
#include <float.h>
#include <math.h>

#include "stats/bootstrap.h"
#include "stats/holm.h"
#include "stats/mcnemar.h"
#include "stats/newcombe.h"
#include "stats/signflip.h"
#include "stats/verdict.h"
#include "tap.h"

static void
is_near(double got, double want, double most, const char *name)
{
	if (!ok(fabs(got - want) <= most, "%s", name))
		printf("# got %.17g, want %.17g\n", got, want);
}

static void
test_rates(void)
{
	struct interval i = newcombe_paired(
	    &(struct paired_counts){.both = 36, .first = 2, .second = 12});

	is_near(mcnemar_exact(2, 12), 212.0 / 16384, 1e-12,
	    "McNemar: 2 and 12 changed");
	ok(mcnemar_exact(0, 0) == 1 && mcnemar_exact(7, 7) == 1,
	    "as many changed either way: p is 1");
	is_near(mcnemar_exact(0, 6), 0.03125, 1e-15, "six of six");
	/* Newcombe 1998: 36, 12, 2 and 0 of 50 pairs, method 10. */
	is_near(i.low, 0.0569, 5e-5, "Newcombe: the lower end");
	is_near(i.high, 0.3404, 5e-5, "Newcombe: the upper end");
	i = newcombe_paired(&(struct paired_counts){0});
	ok(i.low == -1 && i.high == 1, "no pair: anything is possible");
	i = wilson(0, 10);
	ok(i.low == 0 && i.high > 0.27 && i.high < 0.28, "Wilson: none of 10");
	i = wilson(0, 0);
	ok(i.low == 0 && i.high == 1, "Wilson: none of none");
}

static void
test_means(void)
{
	static const double ones[] = {1, 1, 1, 1, 1, 1}, mixed[] = {2, 0, -1};
	static const double huge[] = {1e308, 1e308, 1e308, 1e308, 1e308, 1e308};
	static const double largest[] = {DBL_MAX, -DBL_MAX, DBL_MAX};
	struct interval i = bootstrap_mean(ones, 6, 1), k;
	double many[60];

	ok(i.low == 1 && i.high == 1, "equal values have no spread");
	i = bootstrap_mean(mixed, 3, 1);
	k = bootstrap_mean(mixed, 3, 1);
	ok(i.low == k.low && i.high == k.high, "a seed, a result");
	ok(i.low == -1 && i.high == 2, "three values: from the least on");
	i = bootstrap_mean(huge, 6, 1);
	is_near(
	    i.low, 1e308, 1e294, "too large for a sum: a mean all the same");
	is_near(i.high, 1e308, 1e294, "and its upper end");
	i = bootstrap_mean(largest, 3, 1);
	ok(i.low == -DBL_MAX && i.high == DBL_MAX, "the largest doubles");
	is_near(signflip(ones, 6, 1), 0.03125, 1e-15, "six of six");
	ok(signflip(mixed, 3, 1) == 1, "2 and -1: p is 1");
	ok(signflip(mixed, 0, 1) == 1, "nothing: p is 1");
	is_near(signflip(huge, 6, 1), 0.03125, 1e-15,
	    "six of six, too large for a sum");
	for (size_t at = 0; at < 60; at++)
		many[at] = at < 5 ? -1 : 1;
	/* 2 * (C(60,0) + ... + C(60,5)) / 2^60 */
	is_near(signflip(many, 60, 1), 1.03827e-11, 1e-12,
	    "55 of 60: far below one of 10,000 samples");
}

static void
test_several(void)
{
	static const double p[] = {0.04, NAN, 0.01, 0.03};
	double adjusted[4];

	holm(p, adjusted, 4);
	is_near(adjusted[2], 0.03, 1e-15, "Holm: the least");
	is_near(adjusted[3], 0.06, 1e-15, "Holm: the next");
	is_near(adjusted[0], 0.06, 1e-15, "Holm: never less than one before");
	ok(isnan(adjusted[1]), "Holm: no test stays none");
}

static void
test_verdicts(void)
{
	ok(verdict_of(1, 0.03, 5, 1) == VERDICT_NOT_ENOUGH,
	    "five pairs can't tell");
	ok(verdict_of(1, 0.03, 6, 1) == VERDICT_HIGHER, "six can");
	ok(verdict_of(1, 0.03, 6, 2) == VERDICT_NOT_ENOUGH,
	    "six in one of two slices can't");
	ok(verdict_of(-1, 0.03, 100000, 1) == VERDICT_LOWER, "lower");
	ok(verdict_of(-1, 0.06, 100, 1) == VERDICT_UNCLEAR, "unclear");
	ok(verdict_of(0, 1, 0, 1) == VERDICT_NOT_ENOUGH, "no pair");
}

int
main(void)
{
	test_rates();
	test_means();
	test_several();
	test_verdicts();
	return done_testing();
}
