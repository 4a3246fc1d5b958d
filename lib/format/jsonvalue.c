/*
 * What a span of jsonscan.h means: the functions here trust that it was read
 * by the scanner.
 */
#include "format/jsonscan.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "format/number.h"
#include "format/text.h"

/* A raw byte may become the three of U+FFFD. */
#define GROWTH_MAX 3
/* A longer number is allocated to get its NUL, which is rare. */
#define NUMBER_SIZE 64
/* A double holds every integer of so many digits exactly. */
#define COUNT_DIGITS 15

static uint32_t
hex4(const char *p)
{
	uint32_t value = 0;
	int i;

	for (i = 0; i < 4; i++) {
		char c = p[i];

		value <<= 4;
		if (c <= '9')
			value += (uint32_t)(c - '0');
		else
			value += (uint32_t)((c | 0x20) - 'a' + 10);
	}
	return value;
}

/* As next_escape, but joins a \uXXXX pair of surrogates into one character. The
 * closing quote of the string bounds the look ahead. */
static uint32_t
next_escape_u(const char **p)
{
	uint32_t high = hex4(*p + 2), low;

	*p += 6;
	if (high < 0xD800 || high > 0xDBFF || (*p)[0] != '\\' || (*p)[1] != 'u')
		return high;
	low = hex4(*p + 2);
	if (low < 0xDC00 || low > 0xDFFF)
		return high;
	*p += 6;
	return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
}

/* What the escape at *p (a backslash) means; *p moves behind it. */
static uint32_t
next_escape(const char **p)
{
	char c = (*p)[1];

	if (c == 'u')
		return next_escape_u(p);
	*p += 2;
	switch (c) {
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	default:
		return (unsigned char)c;
	}
}

bool
json_is_escaped(const struct json_span *span, const char *text)
{
	const char *p, *end;

	if (span->type != JSON_STRING)
		return false;
	p = span->start + 1;
	end = span->start + span->len - 1;
	while (p < end && *text != '\0') {
		uint32_t c = *p == '\\' ? next_escape(&p) : (unsigned char)*p++;

		if (c >= 0x80 || c != (unsigned char)*text++)
			return false;
	}
	return p == end && *text == '\0';
}

int
json_text(const struct json_span *span, struct buf *out)
{
	const char *p, *end, *run;
	int r = 0;

	if (span->type != JSON_STRING)
		return -EINVAL;
	p = span->start + 1;
	end = span->start + span->len - 1;
	if (span->plain)
		return buf_add(out, p, (size_t)(end - p));
	while (p < end && r == 0) {
		if (*p == '\\') {
			r = text_put(out, next_escape(&p));
			continue;
		}
		run = p;
		p = memchr(run, '\\', (size_t)(end - run));
		if (p == NULL)
			p = end;
		r = text_from_bytes(out, run, (size_t)(p - run));
	}
	return r;
}

char *
json_text_new(const struct json_span *span)
{
	struct buf b;

	if (span->type != JSON_STRING)
		return NULL;
	if (span->plain)
		return xstrndup(span->start + 1, span->len - 2);
	buf_init(&b, span->len * GROWTH_MAX);
	json_text(span, &b);
	return buf_steal(&b);
}

static double
word_value(const struct json_span *span)
{
	switch (span->start[0]) {
	case 'N':
		return NAN;
	case 'I':
		return INFINITY;
	default:
		return -INFINITY;
	}
}

/* Most numbers are counts, perhaps with the ".0" of a double: their digits give
 * the value directly. */
static bool
count_value(const struct json_span *span, double *value)
{
	size_t len = span->len;
	int64_t sum = 0;

	if (len > 2 && memcmp(span->start + len - 2, ".0", 2) == 0)
		len -= 2;
	if (len > COUNT_DIGITS)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (span->start[i] < '0' || span->start[i] > '9')
			return false;
		sum = sum * 10 + (span->start[i] - '0');
	}
	*value = (double)sum;
	return true;
}

int
json_double(const struct json_span *span, double *value)
{
	char text[NUMBER_SIZE], *copy = text;

	if (span->type != JSON_INTEGER && span->type != JSON_DOUBLE)
		return -EINVAL;
	if (count_value(span, value))
		return 0;
	/* NaN, Infinity, -Infinity */
	if (span->start[span->len - 1] > '9') {
		*value = word_value(span);
		return 0;
	}
	if (span->len < sizeof text) {
		memcpy(text, span->start, span->len);
		text[span->len] = '\0';
	} else {
		copy = xstrndup(span->start, span->len);
	}
	*value = strtod_l(copy, NULL, number_locale());
	if (copy != text)
		free(copy);
	/* The integer -0 is 0. */
	if (span->type == JSON_INTEGER && *value == 0)
		*value = 0;
	return 0;
}

int
json_int64(const struct json_span *span, int64_t *value)
{
	bool minus;
	int64_t sum = 0;
	size_t i;

	if (span->type != JSON_INTEGER)
		return -EINVAL;
	minus = span->start[0] == '-';
	/* Counts downwards, because there is one more number below zero than
	 * above. */
	for (i = minus; i < span->len; i++)
		if (__builtin_mul_overflow(sum, 10, &sum) ||
		    __builtin_sub_overflow(sum, span->start[i] - '0', &sum))
			return -ERANGE;
	if (!minus && sum == INT64_MIN)
		return -ERANGE;
	*value = minus ? sum : -sum;
	return 0;
}

/* "[]" or "{}", with white space or not. */
static bool
is_empty_container(const struct json_span *span)
{
	const char *p = span->start + 1;

	while (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r')
		p++;
	return p == span->start + span->len - 1;
}

bool
json_truth(const struct json_span *span)
{
	double number;

	switch (span->type) {
	case JSON_NONE:
	case JSON_NULL:
	case JSON_FALSE:
		return false;
	case JSON_STRING:
		return span->len > 2;
	case JSON_ARRAY:
	case JSON_OBJECT:
		return !is_empty_container(span);
	case JSON_INTEGER:
	case JSON_DOUBLE:
		json_double(span, &number);
		return number != 0;
	case JSON_TRUE:
		break;
	}
	return true;
}

struct json_span
json_member(const struct json_span *object, const char *key)
{
	struct json_span name, value, found = {.type = JSON_NONE};
	struct jsonscan s;

	if (object->type != JSON_OBJECT)
		return found;
	jsonscan_init_span(&s, object);
	jsonscan_enter(&s, '{');
	while (jsonscan_member(&s, &name) > 0) {
		if (jsonscan_value(&s, &value) == 0 && json_is(&name, key))
			found = value;
	}
	return found;
}
