#include "format/decimal.h"

#include <stddef.h>
#include <string.h>

#define DIGITS "0123456789"

const char *
decimal_end(const char *text)
{
	size_t whole = strspn(text, DIGITS), fraction = 0, exponent;

	text += whole;
	if (*text == '.') {
		fraction = strspn(++text, DIGITS);
		text += fraction;
	}
	if (whole + fraction == 0)
		return NULL;
	if (*text != 'e' && *text != 'E')
		return text;
	text++;
	text += *text == '+' || *text == '-';
	exponent = strspn(text, DIGITS);
	return exponent > 0 ? text + exponent : NULL;
}
