/* Numbers as somebody types them: what Python's float() takes, but for blanks
 * and underscores. */
#include <math.h>

#include "format/number.h"
#include "tap.h"

static void
is_number(const char *text, double want)
{
	double number = -1;

	ok(number_parse(text, &number) &&
		(number == want || (isnan(number) && isnan(want))),
	    "%s is one", text);
}

static void
is_none(const char *text)
{
	double number = 7;

	ok(!number_parse(text, &number) && number == 7, "\"%s\" is none", text);
}

int
main(void)
{
	is_number("12", 12);
	is_number("+1.", 1);
	is_number("-.5", -0.5);
	is_number("1e-05", 1e-05);
	is_number("1.5E+3", 1500);
	is_number("1e999", INFINITY);
	is_number("-Infinity", -INFINITY);
	is_number("inf", INFINITY);
	is_number("NaN", NAN);
	is_none("");
	is_none(".");
	is_none("+");
	is_none("1e");
	is_none("1e+");
	is_none("0x10");
	is_none("0x1p3");
	is_none("nan(1)");
	is_none("infinit");
	is_none(" 1");
	is_none("1 ");
	is_none("1,5");
	return done_testing();
}
