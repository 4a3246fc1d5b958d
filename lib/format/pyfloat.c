/* Python's repr() of a float: the shortest digits that read back as the
 * same double. */
#include "format/jsonwrite.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "format/number.h"

/* DIGITS_MAX digits suffice for every double; up to DIGITS_SURE digits, a
 * decimal survives the way to a (normal) double and back unchanged. */
#define DIGITS_MAX  17
#define DIGITS_SURE 15
/* Python's repr() is in fixed notation for 1e-4 <= |x| < 1e16. */
#define FIXED_MIN (-4)
#define FIXED_MAX 16
/* Whole numbers below it are exact doubles in fixed notation, and their own
 * digits are the shortest ones. */
#define WHOLE_BELOW 1e15

/* 0.D1D2D3... * 10^point */
struct decimal {
	char digits[DIGITS_MAX + 1];
	int len;
	int point;
};

static bool
reads_back(const struct decimal *d, double value)
{
	char text[PYFLOAT_SIZE];

	snprintf(text, sizeof text, "0.%se%d", d->digits, d->point);
	return strtod(text, NULL) == value;
}

/* Computes the decimal of `len` digits that is nearest to value (> 0). */
static void
nearest(struct decimal *d, double value, int len)
{
	char text[PYFLOAT_SIZE];

	snprintf(text, sizeof text, "%.*e", len - 1, value);
	d->digits[0] = text[0];
	/* text[1] is the point, or the e if there is a single digit. */
	memcpy(d->digits + 1, text + 2, (size_t)len - 1);
	d->digits[len] = '\0';
	d->len = len;
	d->point = (int)strtol(strchr(text, 'e') + 1, NULL, 10) + 1;
}

/* The next decimal of the same length; false if it would be longer. */
static bool
step_up(struct decimal *d)
{
	int i = d->len - 1;

	while (i >= 0 && d->digits[i] == '9')
		d->digits[i--] = '0';
	if (i < 0)
		return false;
	d->digits[i]++;
	return true;
}

/*
 * Is there a decimal of `len` digits that reads back as value? If any does, the
 * nearest one does, except for a power of two: the doubles above it lie twice
 * as far apart as those below, so the next decimal above may read back where
 * the nearest one, below, does not.
 */
static bool
fits(struct decimal *d, double value, int len)
{
	int exponent;

	nearest(d, value, len);
	if (reads_back(d, value))
		return true;
	return frexp(value, &exponent) == 0.5 && step_up(d) &&
	    reads_back(d, value);
}

static void
shortest(struct decimal *d, double value)
{
	int len = value < DBL_MIN ? 1 : DIGITS_SURE;
	locale_t callers = uselocale(number_locale());

	while (!fits(d, value, len) && len < DIGITS_MAX)
		len++;
	uselocale(callers);
	while (d->len > 1 && d->digits[d->len - 1] == '0')
		d->digits[--d->len] = '\0';
}

/* Most tracked numbers are counts, whose digits need no search. */
static int
whole_repr(char text[PYFLOAT_SIZE], bool negative, uint64_t whole)
{
	char digits[NUMBER_DIGITS_MAX];
	char *end = digits + sizeof digits;
	char *p = number_digits(end, whole), *out = text;

	if (negative)
		*out++ = '-';
	out = mempcpy(out, p, (size_t)(end - p));
	memcpy(out, ".0", sizeof ".0");
	return (int)(out + 2 - text);
}

int
pyfloat_repr(char text[PYFLOAT_SIZE], double value)
{
	const char *sign = signbit(value) ? "-" : "";
	struct decimal d;
	int whole;

	if (isnan(value))
		return snprintf(text, PYFLOAT_SIZE, "nan");
	if (isinf(value))
		return snprintf(text, PYFLOAT_SIZE, "%sinf", sign);
	if (fabs(value) < WHOLE_BELOW && value == trunc(value))
		return whole_repr(
		    text, signbit(value) != 0, (uint64_t)fabs(value));
	shortest(&d, fabs(value));
	if (d.point <= FIXED_MIN || d.point > FIXED_MAX)
		return snprintf(text, PYFLOAT_SIZE, "%s%c%s%se%+03d", sign,
		    d.digits[0], d.len > 1 ? "." : "", d.digits + 1,
		    d.point - 1);
	if (d.point <= 0)
		return snprintf(text, PYFLOAT_SIZE, "%s0.%.*s%s", sign,
		    -d.point, "0000", d.digits);
	whole = d.len < d.point ? d.len : d.point;
	return snprintf(text, PYFLOAT_SIZE, "%s%.*s%.*s.%s", sign, whole,
	    d.digits, d.point - whole, "0000000000000000",
	    d.len > d.point ? d.digits + d.point : "0");
}
