#include <errno.h>

#include "format/isotime.h"
#include "tap.h"

#define SECOND      INT64_C(1000000)
#define DAY_2026    (INT64_C(1767225600) * SECOND) /* 2026-01-01 */
#define HOURS(h, m) (((h)*60 + (m)) * 60 * SECOND)

static void
time_case(const char *text, int64_t want)
{
	int64_t us = 1;
	int r = isotime_parse(text, strlen(text), &us);

	if (!ok(r == 0 && us == want, "%s", text))
		printf("# %d, %lld\n", r, (long long)us);
}

static void
bad_case(const char *text)
{
	int64_t us;

	is_int(isotime_parse(text, strlen(text), &us), -EINVAL, text);
}

static void
test_times(void)
{
	time_case("1970-01-01T00:00:00+00:00", 0);
	time_case("2008-02-15T10:01:34.000001+00:00",
	    INT64_C(1203069694) * SECOND + 1);
	time_case("2026-01-01", DAY_2026);
	time_case("2026-01-01T00:00:00.750000+00:00", DAY_2026 + 750000);
	time_case("2026-01-01T10:30Z", DAY_2026 + HOURS(10, 30));
	time_case("2026-01-01T10:30+02:00", DAY_2026 + HOURS(8, 30));
	time_case("2026-01-01T10:30-0530", DAY_2026 + HOURS(16, 0));
	time_case("2026-01-01 10", DAY_2026 + HOURS(10, 0));
	time_case("2026-01-01\xE2\x82\xAC"
		  "10",
	    DAY_2026 + HOURS(10, 0));
	time_case("20260101T103000", DAY_2026 + HOURS(10, 30));
	time_case("2026-01-01T00:00:00,5", DAY_2026 + 500000);
	time_case("2026-01-01T00:00:00.1234569", DAY_2026 + 123456);
	time_case("2024-02-29", INT64_C(1709164800) * SECOND);
	time_case("0001-01-01", INT64_C(-62135596800) * SECOND);
	time_case(
	    "9999-12-31T23:59:59.999999", INT64_C(253402300800) * SECOND - 1);
}

static void
test_weeks(void)
{
	time_case("2026-W01-1", DAY_2026 - 3 * HOURS(24, 0));
	time_case("2026-W01", DAY_2026 - 3 * HOURS(24, 0));
	time_case("2026W01", DAY_2026 - 3 * HOURS(24, 0));
	time_case("2026W014", DAY_2026);
	time_case("2026-W01-4T10", DAY_2026 + HOURS(10, 0));
	/* A hyphen as the separator, rather than a day and another one. */
	time_case("2026-W01-0100", DAY_2026 - 3 * HOURS(24, 0) + HOURS(1, 0));
	time_case("2026-W53-7", DAY_2026 + 367 * HOURS(24, 0));
	bad_case("2025-W53");
	bad_case("2026-W00");
	bad_case("2026-W01-8");
	bad_case("9999-W52-6");
}

static void
test_refused(void)
{
	bad_case("");
	bad_case("now");
	bad_case("2026-1-1");
	bad_case("2023-02-29");
	bad_case("2026-13-01");
	bad_case("0000-01-01");
	bad_case("2026-01-01T");
	bad_case("2026-01-01T24:00");
	bad_case("2026-01-01T10:60");
	bad_case("2026-01-01T1");
	bad_case("2026-01-01T10:00:00.");
	bad_case("2026-01-01T10:0000");
	bad_case("2026-01-01T10:00+24:00");
	bad_case("2026-01-01T10:00+");
	bad_case("2026-01-01T10:00Zx");
	bad_case(" 2026-01-01");
	bad_case("2026-01-01T10:00\xC3\xA9");
	bad_case("2026-01-0\xED\xA0\xBD");
}

/* They look wrong, and Python does so. */
static void
test_corners(void)
{
	time_case("2026-01-01T10:+00:00", DAY_2026 + HOURS(10, 0));
	time_case("2026-01-01T10:00\xC0\x80", DAY_2026 + HOURS(10, 0));
	time_case("2026-01-01T10:00-00:00:00.5", DAY_2026 + HOURS(10, 0));
	time_case("2026-01-01\xED\xA0\xBD"
		  "10",
	    DAY_2026 + HOURS(10, 0));
}

int
main(void)
{
	test_times();
	test_weeks();
	test_refused();
	test_corners();
	return done_testing();
}
