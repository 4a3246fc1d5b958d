#include <limits.h>
#include <stdlib.h>

#include "base/clock.h"
#include "tap.h"

static void
test_conversion(void)
{
	is_int(clock_ns(&(struct timespec){5, 7}), 5000000007, "nanoseconds");
	is_int(clock_ns(&(struct timespec){-1, 999999999}), -1,
	    "the last nanosecond before 1970");
	is_int(clock_us(&(struct timespec){5, 7999}), 5000007, "microseconds");
	ok(clock_ns(&(struct timespec){INT64_MAX, 999999999}) == INT64_MAX,
	    "no nanoseconds beyond the last");
	ok(clock_ns(&(struct timespec){INT64_MIN, 0}) == INT64_MIN,
	    "none before the first");
	ok(clock_ns(&(struct timespec){9223372036, 999999999}) == INT64_MAX,
	    "the sum is looked at, too");
	ok(clock_us(&(struct timespec){INT64_MAX, 0}) == INT64_MAX,
	    "no microseconds beyond the last");
	ok(clock_us(&(struct timespec){INT64_MIN, 0}) == INT64_MIN,
	    "none before the first");
	ok(clock_clamp_us(INT64_MAX) == CLOCK_LAST_US, "the last year");
	ok(clock_clamp_us(INT64_MIN) == CLOCK_FIRST_US, "the first year");
	is_int(clock_clamp_us(-1), -1, "what fits stays");
}

static void
test_texts(void)
{
	char compact[CLOCK_COMPACT_SIZE], iso[CLOCK_ISO_LOCAL_SIZE];

	clock_compact(compact, 1763888534008852);
	is_text(compact, "20251123T090214Z", "a time of today");
	clock_compact(compact, INT64_MAX);
	is_text(compact, "99991230T235959Z", "the last time");
	clock_compact(compact, INT64_MIN);
	is_text(compact, "00010102T000000Z", "the first time");
	clock_iso_local(iso, INT64_MAX);
	is_text(iso, "9999-12-31T13:59:59.999999", "far east, the last time");
	clock_iso_local(iso, -1);
	is_text(iso, "1970-01-01T13:59:59.999999", "before 1970");
	setenv("TZ", "WEST12", 1);
	tzset();
	clock_iso_local(iso, INT64_MIN);
	is_text(iso, "0001-01-01T12:00:00", "far west, the first time");
}

int
main(void)
{
	setenv("TZ", "EAST-14", 1);
	tzset();
	test_conversion();
	test_texts();
	return done_testing();
}
