/*
 * A pull scanner for JSON: the caller asks for the next thing, nothing is
 * built, nothing is allocated. It accepts and rejects exactly what Python's
 * json.loads does on the same bytes decoded with errors="replace": NaN,
 * Infinity and -Infinity are numbers, a raw control character in a string is
 * an error, an integer of more than 4300 digits is an error, white space is
 * blank, \t, \n, \r. Depth: at most JSONSCAN_DEPTH_MAX open containers
 * (Python itself stops between 944 and 995).
 *
 *	struct jsonscan s;
 *	struct json_span key, value;
 *	jsonscan_init(&s, line, len);
 *	if (jsonscan_enter(&s, '{') == 0)
 *		while ((more = jsonscan_member(&s, &key)) > 0)
 *			if (jsonscan_value(&s, &value) < 0) ...
 *	jsonscan_end(&s) == 0: the text was one whole value
 *
 * After the first error every call returns it again (-EBADMSG), so a caller
 * may check once at the end. Spans point into the scanned bytes.
 */
#ifndef FORMAT_JSONSCAN_H
#define FORMAT_JSONSCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"

#define JSONSCAN_DEPTH_MAX      900
#define JSONSCAN_INT_DIGITS_MAX 4300

enum json_type {
	JSON_NONE, /* no value: an absent member; a zeroed span has this */
	JSON_NULL,
	JSON_FALSE,
	JSON_TRUE,
	JSON_INTEGER, /* a number without fraction and exponent: exact */
	JSON_DOUBLE,  /* any other number, NaN and infinities too */
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT,
};

/* One value as it stands in the bytes: a string with its quotes, a container
 * with its brackets. It was checked when it was read: the functions below that
 * take a span can't fail on a malformed one. */
struct json_span {
	const char *start;
	size_t len;
	enum json_type type;
	bool plain; /* a string without escapes and bytes >= 0x80 */
};

struct jsonscan {
	const char *at;
	const char *end;
	const char *begin;
	int depth;
	int state; /* what may come next; private */
	int error; /* 0 or -EBADMSG */
};

void jsonscan_init(struct jsonscan *s, const char *bytes, size_t len);

/* Opens the container that stands next ('{' or '['). -ENOENT: a value of
 * another type stands there; nothing is consumed and it can still be read.
 * -EBADMSG: no value can begin there. */
int jsonscan_enter(struct jsonscan *s, char bracket);

/* The next member's key in the open object: 1, and its value stands next;
 * 0: the object ended and is closed. A value that was not read is passed over.
 */
int jsonscan_member(struct jsonscan *s, struct json_span *key);

/* The same for the open array: 1, and the element stands next; 0: closed. */
int jsonscan_element(struct jsonscan *s);

/* Reads, checks and passes over the whole value that stands next. `value` may
 * be NULL. */
int jsonscan_value(struct jsonscan *s, struct json_span *value);

/* Nothing but white space may be left; -EBADMSG also if a container is open or
 * nothing was read. */
int jsonscan_end(struct jsonscan *s);

/* Reads `bytes` as one whole value. -EBADMSG: they are not one, and the value
 * is JSON_NONE. */
int jsonscan_whole(const char *bytes, size_t len, struct json_span *value);

/* How many bytes were consumed so far; after an error, where it is. */
size_t jsonscan_offset(const struct jsonscan *s);

/* Starts a scanner on a span that was read before, to look into it. */
void jsonscan_init_span(struct jsonscan *s, const struct json_span *span);

/* The slow path of json_is(), for anything but a plain string. */
bool json_is_escaped(const struct json_span *span, const char *text);

/* Is it a string with exactly this ASCII content? Escapes count as what they
 * mean. The function is inline, so that a constant's length is a constant:
 * readers ask for every key. */
static inline bool
json_is(const struct json_span *span, const char *text)
{
	size_t len;

	if (!span->plain)
		return json_is_escaped(span, text);
	len = strlen(text);
	return span->len == len + 2 && memcmp(span->start + 1, text, len) == 0;
}

/* Appends a string's content as text (format/text.h). Not a string: nothing
 * and -EINVAL. */
int json_text(const struct json_span *span, struct buf *out);
/* As json_text, but allocated; NULL if the value is not a string. */
char *json_text_new(const struct json_span *span);

/* A number's value; integers beyond 2^53 are rounded, 1e999 is infinity.
 * Anything else: -EINVAL. */
int json_double(const struct json_span *span, double *value);
/* -EINVAL: no integer; -ERANGE: does not fit. */
int json_int64(const struct json_span *span, int64_t *value);

/* Python's truth: false for none, null, false, 0, 0.0, -0.0, "", [], {}. */
bool json_truth(const struct json_span *span);

/* Appends Python's str() of the value as text: a string's content, None, True,
 * 12, 1e-05, nan, and containers by repr(): [1, 'a'], {'k': None}. With
 * duplicate keys the last value stands in the first one's place. JSON_NONE is
 * None. 0, or -EMSGSIZE: `out` is full. */
int json_pystr(const struct json_span *span, struct buf *out);

/* The value of the member `key` of an object; the last one wins. JSON_NONE if
 * there is none or `object` is no object. */
struct json_span json_member(const struct json_span *object, const char *key);

#endif
