#include "mapping/points.h"

#include "tap.h"

static uint64_t
count(uint64_t from, uint64_t to, uint64_t points)
{
	uint64_t n, due = 0;

	for (n = from; n <= to; n++)
		due += points_is_due(n, points);
	return due;
}

/* k found as the rule is worded. */
static bool
by_the_rule(uint64_t n, uint64_t points)
{
	uint64_t step = 1;

	while (n >= points * step)
		step *= 2;
	return n % step == 0;
}

int
main(void)
{
	uint64_t n, points, wrong = 0;

	is_int((long long)count(1, 511, 512), 511, "all below 512");
	ok(points_is_due(512, 512), "512 itself");
	ok(!points_is_due(513, 512) && points_is_due(514, 512),
	    "then every second");
	is_int((long long)count(512, 1023, 512), 256, "512 .. 1023");
	is_int((long long)count(1024, 2047, 512), 256, "1024 .. 2047");
	is_int((long long)count(1, 1000000, 512), 511 + 256 * 10 + 233,
	    "a million records");
	is_int((long long)count(1, 1000, 2), 1 + 9, "the least: powers of 2");
	is_int((long long)count(1, 1000, 0), 1000, "all");
	for (points = 2; points < 40; points++)
		for (n = 1; n < 1000; n++)
			wrong +=
			    points_is_due(n, points) != by_the_rule(n, points);
	is_int((long long)wrong, 0, "as the rule is worded");
	ok(!points_is_due(UINT64_MAX, 1000000000), "no overflow");
	return done_testing();
}
