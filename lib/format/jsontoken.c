#include "format/jsontoken.h"

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

static inline bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/*
 * The first byte at or behind `p` that a string can't just go on over: quote,
 * backslash, control character. *high becomes true if a byte >= 0x80 was
 * passed.
 */
static inline const char *
skip_string_bytes(const char *p, const char *end, bool *high)
{
#ifdef __SSE2__
	const __m128i quote = _mm_set1_epi8('"');
	const __m128i backslash = _mm_set1_epi8('\\');
	const __m128i control = _mm_set1_epi8(0x1F);
	__m128i bytes, stop;
	unsigned mask, above;

	while (end - p >= 16) {
		bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
		stop = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, quote),
					_mm_cmpeq_epi8(bytes, backslash)),
		    _mm_cmpeq_epi8(_mm_min_epu8(bytes, control), bytes));
		mask = (unsigned)_mm_movemask_epi8(stop);
		above = (unsigned)_mm_movemask_epi8(bytes);
		if (mask != 0) {
			*high |= (above & ((mask & -mask) - 1)) != 0;
			return p + __builtin_ctz(mask);
		}
		*high |= above != 0;
		p += 16;
	}
#endif
	for (; p < end; p++) {
		unsigned char c = (unsigned char)*p;

		if (c == '"' || c == '\\' || c < 0x20)
			break;
		*high |= c >= 0x80;
	}
	return p;
}

/* Behind the escape at `p` (a backslash); NULL if it is none. */
static inline const char *
skip_escape(const char *p, const char *end)
{
	if (end - p < 2)
		return NULL;
	switch (p[1]) {
	case '"':
	case '\\':
	case '/':
	case 'b':
	case 'f':
	case 'n':
	case 'r':
	case 't':
		return p + 2;
	case 'u':
		if (end - p < 6 || !is_hex(p[2]) || !is_hex(p[3]) ||
		    !is_hex(p[4]) || !is_hex(p[5]))
			return NULL;
		return p + 6;
	default:
		return NULL;
	}
}

const char *
jsontoken_string(const char *p, const char *end, bool *plain)
{
	bool special = false;

	p = skip_string_bytes(p + 1, end, &special);
	while (p < end && *p == '\\') {
		special = true;
		p = skip_escape(p, end);
		if (p == NULL)
			return NULL;
		p = skip_string_bytes(p, end, &special);
	}
	*plain = !special;
	return p < end && *p == '"' ? p + 1 : NULL;
}

static const char *
skip_word(const char *p, const char *end, const char *word)
{
	size_t len = strlen(word);

	return (size_t)(end - p) >= len && memcmp(p, word, len) == 0 ? p + len
								     : NULL;
}

static const char *
skip_digits(const char *p, const char *end)
{
	while (p < end && is_digit(*p))
		p++;
	return p;
}

/* Behind the number at `p` (a minus or a digit). What can't belong to it is
 * left for the caller, as Python does: "1." is 1 and a point. */
static const char *
skip_number(const char *p, const char *end, enum json_type *type)
{
	const char *digits, *q;

	*type = JSON_INTEGER;
	if (*p == '-')
		p++;
	if (p == end || !is_digit(*p)) {
		*type = JSON_DOUBLE;
		return p < end && p[-1] == '-' ? skip_word(p, end, "Infinity")
					       : NULL;
	}
	digits = p;
	p = *p == '0' ? p + 1 : skip_digits(p, end);
	q = p;
	if (end - p >= 2 && *p == '.' && is_digit(p[1])) {
		*type = JSON_DOUBLE;
		p = skip_digits(p + 1, end);
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		const char *e = p + 1;

		if (e < end && (*e == '+' || *e == '-'))
			e++;
		if (e < end && is_digit(*e)) {
			*type = JSON_DOUBLE;
			p = skip_digits(e, end);
		}
	}
	if (*type == JSON_INTEGER && q - digits > JSONSCAN_INT_DIGITS_MAX)
		return NULL;
	return p;
}

const char *
jsontoken_scalar(const char *p, const char *end, struct json_span *value)
{
	value->plain = false;
	switch (*p) {
	case '"':
		value->type = JSON_STRING;
		return jsontoken_string(p, end, &value->plain);
	case 'n':
		value->type = JSON_NULL;
		return skip_word(p, end, "null");
	case 't':
		value->type = JSON_TRUE;
		return skip_word(p, end, "true");
	case 'f':
		value->type = JSON_FALSE;
		return skip_word(p, end, "false");
	case 'N':
		value->type = JSON_DOUBLE;
		return skip_word(p, end, "NaN");
	case 'I':
		value->type = JSON_DOUBLE;
		return skip_word(p, end, "Infinity");
	default:
		if (*p != '-' && !is_digit(*p))
			return NULL;
		return skip_number(p, end, &value->type);
	}
}
