/*
 * The few lines that a TAP test in C needs:
 *
 *	ok(sum == 3, "the sum of %d and %d", 1, 2);
 *	is_int(sum, 3, "sum");  is_text(got, "want", "name");
 *	return done_testing();
 */
#ifndef TESTS_TAP_H
#define TESTS_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int tap_count, tap_failed;

__attribute__((format(printf, 2, 3), unused)) static bool
ok(bool good, const char *format, ...)
{
	va_list ap;

	printf("%sok %d - ", good ? "" : "not ", ++tap_count);
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	printf("\n");
	if (!good)
		tap_failed++;
	return good;
}

__attribute__((unused)) static bool
is_int(long long got, long long want, const char *name)
{
	if (ok(got == want, "%s", name))
		return true;
	printf("# got %lld, want %lld\n", got, want);
	return false;
}

__attribute__((unused)) static bool
is_text(const char *got, const char *want, const char *name)
{
	if (ok(got != NULL && want != NULL ? strcmp(got, want) == 0
					   : got == want,
		"%s", name))
		return true;
	printf("# got  %s\n# want %s\n", got != NULL ? got : "(null)",
	    want != NULL ? want : "(null)");
	return false;
}

__attribute__((unused)) static int
done_testing(void)
{
	printf("1..%d\n", tap_count);
	return tap_failed == 0 ? 0 : 1;
}

#endif
