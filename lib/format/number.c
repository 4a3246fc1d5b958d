#include "format/number.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/die.h"
#include "format/decimal.h"

locale_t
number_locale(void)
{
	/* glibc keeps one "C" locale object and makes no other, so a race is
	 * harmless. */
	static locale_t c_locale;

	if (c_locale == (locale_t)0) {
		c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
		if (c_locale == (locale_t)0)
			die("no locale \"C\"");
	}
	return c_locale;
}

/* Writes two digits at once, which halves the number of divisions. */
char *
number_digits(char *end, uint64_t value)
{
	static const char pairs[] = "0001020304050607080910111213141516171819"
				    "2021222324252627282930313233343536373839"
				    "4041424344454647484950515253545556575859"
				    "6061626364656667686970717273747576777879"
				    "8081828384858687888990919293949596979899";

	for (; value >= 100; value /= 100) {
		end -= 2;
		memcpy(end, pairs + value % 100 * 2, 2);
	}
	if (value >= 10) {
		end -= 2;
		memcpy(end, pairs + value * 2, 2);
	} else {
		*--end = (char)('0' + value);
	}
	return end;
}

bool
number_parse(const char *text, double *value)
{
	static const char *const words[] = {"inf", "infinity", "nan"};
	const char *digits = text + (*text == '+' || *text == '-');
	const char *end = decimal_end(digits);
	bool good = end != NULL && *end == '\0';

	for (size_t i = 0; !good && i < sizeof words / sizeof words[0]; i++)
		good = strcasecmp(digits, words[i]) == 0;
	if (good)
		*value = strtod_l(text, NULL, number_locale());
	return good;
}
