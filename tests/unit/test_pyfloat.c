#include <locale.h>
#include <math.h>
#include <stdint.h>

#include "format/jsonscan.h"
#include "format/jsonwrite.h"
#include "format/number.h"
#include "tap.h"

static void
repr_case(double value, const char *want)
{
	char text[PYFLOAT_SIZE];
	int len = pyfloat_repr(text, value);

	if (!ok(strcmp(text, want) == 0 && len == (int)strlen(want), "%s",
		want))
		printf("# got %s, length %d\n", text, len);
}

/* The library lives in other people's processes. */
static void
test_locale(void)
{
	static const char *const names[] = {
	    "de_DE.UTF-8", "de_DE", "fr_FR.UTF-8", "ps_AF"};
	static const char number[] = "2.5";
	struct json_span span = {number, 3, JSON_DOUBLE, false};
	double value = 0;
	size_t i = 0;

	while (i < sizeof names / sizeof *names &&
	    setlocale(LC_ALL, names[i]) == NULL)
		i++;
	if (i == sizeof names / sizeof *names) {
		ok(true, "# SKIP no locale with a comma");
		return;
	}
	repr_case(0.1, "0.1");
	repr_case(1.5e300, "1.5e+300");
	ok(json_double(&span, &value) == 0 && value == 2.5, "2.5 is read");
	setlocale(LC_ALL, "C");
}

static void
digits_case(uint64_t value)
{
	char text[NUMBER_DIGITS_MAX + 1], want[NUMBER_DIGITS_MAX + 1];

	text[NUMBER_DIGITS_MAX] = '\0';
	snprintf(want, sizeof want, "%ju", (uintmax_t)value);
	is_text(number_digits(text + NUMBER_DIGITS_MAX, value), want, want);
}

/* Each length, its first and its last. */
static void
test_digits(void)
{
	uint64_t first = 1;

	digits_case(0);
	for (int i = 0; i < NUMBER_DIGITS_MAX; i++, first *= 10) {
		digits_case(first);
		digits_case(first - 1);
		digits_case(first + first / 7);
	}
	digits_case(UINT64_MAX);
}

int
main(void)
{
	test_digits();
	repr_case(12, "12.0");
	repr_case(0.0, "0.0");
	repr_case(-0.0, "-0.0");
	repr_case(0.1, "0.1");
	repr_case(0.1 + 0.2, "0.30000000000000004");
	repr_case(2.0 / 3, "0.6666666666666666");
	repr_case(4.0 / 7, "0.5714285714285714");
	repr_case(0.007378339767456055, "0.007378339767456055");
	repr_case(1e-4, "0.0001");
	repr_case(0.00012345, "0.00012345");
	repr_case(1e-5, "1e-05");
	repr_case(1.7e-5, "1.7e-05");
	repr_case(1e15, "1000000000000000.0");
	repr_case(999999999999999.0, "999999999999999.0");
	repr_case(-7, "-7.0");
	repr_case(100, "100.0");
	repr_case(999999999999999.5, "999999999999999.5");
	repr_case(9999999999999998.0, "9999999999999998.0");
	repr_case(1e16, "1e+16");
	repr_case(-1.5e300, "-1.5e+300");
	repr_case(123456.789, "123456.789");
	repr_case(5e-324, "5e-324");
	repr_case(2.2250738585072014e-308, "2.2250738585072014e-308");
	repr_case(1.7976931348623157e308, "1.7976931348623157e+308");
	/* The nearest decimal of 16 digits does not read back, the next does.
	 */
	repr_case(0x1p-44, "5.684341886080802e-14");
	repr_case(9007199254740993.0, "9007199254740992.0");
	repr_case(1e23, "1e+23");
	repr_case(NAN, "nan");
	repr_case(-NAN, "nan");
	repr_case(INFINITY, "inf");
	repr_case(-INFINITY, "-inf");
	test_locale();
	return done_testing();
}
