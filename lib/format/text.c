#include "format/text.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/die.h"

#define REPLACEMENT     0xFFFDu
#define SURROGATE_FIRST 0xD800u
#define SURROGATE_LOW   0xDC00u
#define SURROGATE_LAST  0xDFFFu
#define CODE_POINT_LAST 0x10FFFFu

/* A byte becomes at most the three bytes of U+FFFD or of a surrogate. */
#define GROWTH_MAX 3

static bool
is_surrogate(uint32_t c)
{
	return c >= SURROGATE_FIRST && c <= SURROGATE_LAST;
}

static bool
is_continuation(unsigned char byte)
{
	return (byte & 0xC0) == 0x80;
}

/* How many bytes a UTF-8 sequence has that starts with this byte; 0: none
 * does. */
static size_t
sequence_length(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first < 0xC2)
		return 0;
	if (first < 0xE0)
		return 2;
	if (first < 0xF0)
		return 3;
	return first < 0xF5 ? 4 : 0;
}

/* After four of the first bytes, the second byte has narrower bounds. */
static bool
second_fits(unsigned char first, unsigned char second)
{
	switch (first) {
	case 0xE0:
		return second >= 0xA0 && second <= 0xBF;
	case 0xED:
		return second >= 0x80 && second <= 0x9F;
	case 0xF0:
		return second >= 0x90 && second <= 0xBF;
	case 0xF4:
		return second >= 0x80 && second <= 0x8F;
	default:
		return is_continuation(second);
	}
}

/*
 * Looks at the sequence at `p`: true and its length, or false and the length of
 * the bad part, for which errors="replace" gives one U+FFFD: the longest start
 * of a valid sequence, at least one byte.
 */
static bool
take_sequence(const unsigned char *p, size_t left, size_t *len)
{
	size_t want = sequence_length(*p), n;

	*len = 1;
	if (want <= 1)
		return want == 1;
	if (left < 2 || !second_fits(*p, p[1]))
		return false;
	for (n = 2; n < want && n < left && is_continuation(p[n]); n++)
		;
	*len = n;
	return n == want;
}

static uint32_t
sequence_value(const unsigned char *p, size_t len)
{
	uint32_t value;
	size_t i;

	if (len == 1)
		return *p;
	value = *p & (0xFFu >> (len + 1));
	for (i = 1; i < len; i++)
		value = value << 6 | (p[i] & 0x3Fu);
	return value;
}

uint32_t
text_next(const char **p)
{
	const unsigned char *at = (const unsigned char *)*p;
	size_t len;

	if (at[0] < 0x80) {
		*p += 1;
		return at[0];
	}
	if (at[0] == 0xC0 && at[1] == 0x80) {
		*p += 2;
		return 0;
	}
	if (at[0] == 0xED && at[1] >= 0xA0 && at[1] <= 0xBF &&
	    is_continuation(at[2])) {
		*p += 3;
		return sequence_value(at, 3);
	}
	/* The NUL at the end is no continuation byte, so we may ask for four
	 * bytes. */
	if (take_sequence(at, 4, &len)) {
		*p += len;
		return sequence_value(at, len);
	}
	*p += len;
	return REPLACEMENT;
}

uint32_t
text_next_in_bytes(const char **p, const char *end)
{
	const unsigned char *at = (const unsigned char *)*p;
	size_t len;
	bool good = take_sequence(at, (size_t)(end - *p), &len);

	*p += len;
	return good ? sequence_value(at, len) : REPLACEMENT;
}

int
text_put(struct buf *out, uint32_t c)
{
	unsigned char bytes[4];
	size_t len;

	if (c > CODE_POINT_LAST)
		c = REPLACEMENT;
	if (c != 0 && c < 0x80) {
		bytes[0] = (unsigned char)c;
		len = 1;
	} else if (c < 0x800) {
		bytes[0] = (unsigned char)(0xC0 | c >> 6);
		bytes[1] = (unsigned char)(0x80 | (c & 0x3F));
		len = 2;
	} else if (c < 0x10000) {
		bytes[0] = (unsigned char)(0xE0 | c >> 12);
		bytes[1] = (unsigned char)(0x80 | (c >> 6 & 0x3F));
		bytes[2] = (unsigned char)(0x80 | (c & 0x3F));
		len = 3;
	} else {
		bytes[0] = (unsigned char)(0xF0 | c >> 18);
		bytes[1] = (unsigned char)(0x80 | (c >> 12 & 0x3F));
		bytes[2] = (unsigned char)(0x80 | (c >> 6 & 0x3F));
		bytes[3] = (unsigned char)(0x80 | (c & 0x3F));
		len = 4;
	}
	return buf_add(out, bytes, len);
}

int
text_from_bytes(struct buf *out, const char *bytes, size_t len)
{
	const char *p = bytes, *end = bytes + len, *run = p;
	size_t n;
	int r;

	while (p < end) {
		if (*p != '\0' &&
		    take_sequence(
			(const unsigned char *)p, (size_t)(end - p), &n)) {
			p += n;
			continue;
		}
		r = buf_add(out, run, (size_t)(p - run));
		if (r == 0)
			r = text_put(out, text_next_in_bytes(&p, end));
		if (r < 0)
			return r;
		run = p;
	}
	return buf_add(out, run, (size_t)(p - run));
}

int
text_from_path(struct buf *out, const char *path)
{
	const char *p = path, *end = path + strlen(path);
	size_t n;
	int r = 0;

	while (p < end && r == 0) {
		if (take_sequence(
			(const unsigned char *)p, (size_t)(end - p), &n)) {
			r = buf_add(out, p, n);
			p += n;
		} else {
			r = text_put(out, SURROGATE_LOW + (unsigned char)*p++);
		}
	}
	return r;
}

int
text_to_path(struct buf *out, const char *text)
{
	const char *p = text, *start;
	uint32_t c;
	int r = 0;

	while (*p != '\0' && r == 0) {
		start = p;
		c = text_next(&p);
		if (c >= SURROGATE_LOW + 0x80 && c <= SURROGATE_LOW + 0xFF)
			r = buf_addc(out, (char)(c - SURROGATE_LOW));
		else if (c == 0 || is_surrogate(c))
			r = -EINVAL;
		else
			r = buf_add(out, start, (size_t)(p - start));
	}
	return r;
}

char *
text_path_text(const char *path)
{
	struct buf b;

	buf_init(&b, strlen(path) * GROWTH_MAX);
	text_from_path(&b, path);
	return buf_steal(&b);
}

char *
text_path_bytes(const char *text)
{
	struct buf b;

	buf_init(&b, strlen(text));
	if (text_to_path(&b, text) < 0) {
		buf_release(&b);
		return NULL;
	}
	return buf_steal(&b);
}

int
text_to_utf8(struct buf *out, const char *text)
{
	const char *p = text;
	uint32_t c;
	int r = 0;

	while (*p != '\0' && r == 0) {
		c = text_next(&p);
		r = text_put(out, c == 0 || is_surrogate(c) ? REPLACEMENT : c);
	}
	return r;
}

/* Would the character move the cursor, start an escape sequence, or reorder or
 * break the line? */
static bool
is_hostile(uint32_t c)
{
	if (c < 0x20 || (c >= 0x7F && c < 0xA0))
		return true;
	return c == 0x061C || c == 0x200E || c == 0x200F ||
	    (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) ||
	    is_surrogate(c);
}

int
text_escape(struct buf *out, const char *text)
{
	const char *p = text;
	uint32_t c;
	int r = 0;

	while (*p != '\0' && r == 0) {
		c = text_next(&p);
		if (!is_hostile(c))
			r = text_put(out, c);
		else if (c == '\n')
			r = buf_adds(out, "\\n");
		else if (c == '\t')
			r = buf_adds(out, "\\t");
		else if (c == '\r')
			r = buf_adds(out, "\\r");
		else
			r = buf_addf(out, c < 0x100 ? "\\x%02x" : "\\u%04x", c);
	}
	return r;
}

char *
text_shell_word(const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789/._-+,:@%=";
	struct buf word;

	if (text[0] != '\0' && text[strspn(text, plain)] == '\0')
		return xstrdup(text);
	buf_init(&word, SIZE_MAX / 2);
	buf_addc(&word, '\'');
	for (; *text != '\0'; text++)
		if (*text == '\'')
			buf_adds(&word, "'\\''");
		else
			buf_addc(&word, *text);
	buf_addc(&word, '\'');
	return buf_steal(&word);
}

size_t
text_length(const char *text)
{
	size_t n = 0;

	while (*text != '\0') {
		text_next(&text);
		n++;
	}
	return n;
}
