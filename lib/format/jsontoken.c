#include "format/jsontoken.h"

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* What a byte can be: the letter of an escape, the u of \uXXXX, one of its
 * digits. */
enum { ESCAPE = 1, ESCAPE_U = 2, HEX = 4 };

static const unsigned char classes[256] = {
    ['"'] = ESCAPE,
    ['\\'] = ESCAPE,
    ['/'] = ESCAPE,
    ['b'] = ESCAPE | HEX,
    ['f'] = ESCAPE | HEX,
    ['n'] = ESCAPE,
    ['r'] = ESCAPE,
    ['t'] = ESCAPE,
    ['u'] = ESCAPE_U,
    ['0'] = HEX,
    ['1'] = HEX,
    ['2'] = HEX,
    ['3'] = HEX,
    ['4'] = HEX,
    ['5'] = HEX,
    ['6'] = HEX,
    ['7'] = HEX,
    ['8'] = HEX,
    ['9'] = HEX,
    ['a'] = HEX,
    ['c'] = HEX,
    ['d'] = HEX,
    ['e'] = HEX,
    ['A'] = HEX,
    ['B'] = HEX,
    ['C'] = HEX,
    ['D'] = HEX,
    ['E'] = HEX,
    ['F'] = HEX,
};

static inline bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Is `p`, which stands behind a backslash and before `end`, an escape's rest?
 */
static inline bool
escape_fits(const char *p, const char *end)
{
	const unsigned char *c = (const unsigned char *)p;

	if (classes[*c] & ESCAPE)
		return true;
	return (classes[*c] & ESCAPE_U) != 0 && end - p > 4 &&
	    (classes[c[1]] & classes[c[2]] & classes[c[3]] & classes[c[4]] &
		HEX) != 0;
}

/* Reads the rest of a string without vectors, from between two characters. */
static const char *
skip_string_slowly(const char *p, const char *end)
{
	unsigned char c;

	for (; p < end && *p != '"'; p++) {
		c = (unsigned char)*p;
		if (c < 0x20)
			return NULL;
		if (c == '\\' && (++p == end || !escape_fits(p, end)))
			return NULL;
	}
	return p < end ? p + 1 : NULL;
}

#ifdef __SSE2__
#define VECTOR 16
#define BLOCK  (4 * VECTOR)

static inline __m128i
load(const char *p)
{
	return _mm_loadu_si128((const __m128i *)(const void *)p);
}

/* 0xFF for each quote, backslash and control character. */
static inline __m128i
stops(__m128i bytes)
{
	const __m128i quote = _mm_set1_epi8('"');
	const __m128i backslash = _mm_set1_epi8('\\');
	const __m128i control = _mm_set1_epi8(0x1F);

	return _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, quote),
				_mm_cmpeq_epi8(bytes, backslash)),
	    _mm_cmpeq_epi8(_mm_min_epu8(bytes, control), bytes));
}

struct block {
	__m128i a, b, c, d;
};

static inline struct block
load_block(const char *p)
{
	return (struct block){load(p), load(p + VECTOR), load(p + 2 * VECTOR),
	    load(p + 3 * VECTOR)};
}

static inline uint64_t
bits(__m128i bytes)
{
	return (unsigned)_mm_movemask_epi8(bytes);
}

/* A bit for each byte of the block that is `c`. */
static inline uint64_t
block_equal(const struct block *block, char c)
{
	const __m128i same = _mm_set1_epi8(c);

	return bits(_mm_cmpeq_epi8(block->a, same)) |
	    bits(_mm_cmpeq_epi8(block->b, same)) << VECTOR |
	    bits(_mm_cmpeq_epi8(block->c, same)) << 2 * VECTOR |
	    bits(_mm_cmpeq_epi8(block->d, same)) << 3 * VECTOR;
}

/* A bit for each control character of the block. */
static inline uint64_t
block_controls(const struct block *block)
{
	const __m128i control = _mm_set1_epi8(0x1F);

	return bits(_mm_cmpeq_epi8(_mm_min_epu8(block->a, control), block->a)) |
	    bits(_mm_cmpeq_epi8(_mm_min_epu8(block->b, control), block->b))
	    << VECTOR |
	    bits(_mm_cmpeq_epi8(_mm_min_epu8(block->c, control), block->c))
	    << 2 * VECTOR |
	    bits(_mm_cmpeq_epi8(_mm_min_epu8(block->d, control), block->d))
	    << 3 * VECTOR;
}

/* Does the block hold a byte at which the caller must stop? */
static inline bool
block_stops(const struct block *block)
{
	__m128i stop =
	    _mm_or_si128(_mm_or_si128(stops(block->a), stops(block->b)),
		_mm_or_si128(stops(block->c), stops(block->d)));

	return _mm_movemask_epi8(stop) != 0;
}

/*
 * Which bytes of a block are escaped by a backslash before them. *carry comes
 * in as 1 if the block before ends with a backslash that escapes the first
 * byte; it goes out with the same for the next block. A run of backslashes
 * escapes every second byte from its start on. Runs that start at an odd place
 * make the sum below carry to where they end, if that is an even place: there
 * the pattern is inverted.
 */
static inline uint64_t
escaped_bytes(uint64_t backslash, uint64_t *carry)
{
	const uint64_t even = UINT64_C(0x5555555555555555);
	uint64_t follows, odd_starts, sum;

	backslash &= ~*carry;
	follows = backslash << 1 | *carry;
	odd_starts = backslash & ~even & ~follows;
	*carry = __builtin_add_overflow(odd_starts, backslash, &sum);
	return (even ^ sum << 1) & follows;
}

/* Reads the rest of a string that has escapes, BLOCK bytes at once, so that few
 * branches depend on where the escapes stand. */
static const char *
skip_string_blocks(const char *p, const char *end)
{
	uint64_t quote, escaped, inside, carry = 0;
	struct block block;
	bool good;

	for (; end - p >= BLOCK; p += BLOCK) {
		block = load_block(p);
		if (!block_stops(&block) && carry == 0)
			continue;
		escaped = escaped_bytes(block_equal(&block, '\\'), &carry);
		quote = block_equal(&block, '"') & ~escaped;
		inside = quote != 0 ? (quote & -quote) - 1 : ~UINT64_C(0);
		good = (block_controls(&block) & inside) == 0;
		for (escaped &= inside; escaped != 0; escaped &= escaped - 1)
			good &= escape_fits(p + __builtin_ctzll(escaped), end);
		if (!good)
			return NULL;
		if (quote != 0)
			return p + __builtin_ctzll(quote) + 1;
	}
	/* Go back to the backslash that escapes the byte at p. */
	return skip_string_slowly(p - carry, end);
}

#else

static const char *
skip_string_blocks(const char *p, const char *end)
{
	return skip_string_slowly(p, end);
}

#endif

/* Most strings are short and plain. This function reads those, up to the first
 * byte that is not plain or does not end the string. */
const char *
jsontoken_string(const char *p, const char *end, bool *plain)
{
	unsigned char c;

	*plain = true;
	p++;
#ifdef __SSE2__
	for (; end - p >= VECTOR; p += VECTOR) {
		unsigned stop = (unsigned)_mm_movemask_epi8(stops(load(p)));
		unsigned high = (unsigned)_mm_movemask_epi8(load(p));

		if ((stop | high) == 0)
			continue;
		p += __builtin_ctz(stop | high);
		if (*p == '"')
			return p + 1;
		*plain = false;
		return skip_string_blocks(p, end);
	}
#endif
	for (; p < end; p++) {
		c = (unsigned char)*p;
		if (c == '"')
			return p + 1;
		if (c == '\\' || c < 0x20 || c >= 0x80) {
			*plain = false;
			return skip_string_blocks(p, end);
		}
	}
	return NULL;
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

/* The place behind the number at `p` (a minus or a digit). Bytes that can't
 * belong to the number are left to the caller, as in Python: "1." is 1 and a
 * point. */
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
