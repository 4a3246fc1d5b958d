#include "format/number.h"

#include "base/die.h"

locale_t
number_locale(void)
{
	/* glibc has one such object and makes no other: a race is harmless. */
	static locale_t c_locale;

	if (c_locale == (locale_t)0) {
		c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
		if (c_locale == (locale_t)0)
			die("no locale \"C\"");
	}
	return c_locale;
}
