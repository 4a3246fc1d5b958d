/*
 * JSON as Python's json.dump writes it: strings ASCII only, doubles by
 * repr(), layout compact (", " and ": " do not appear: separators "," ":") or
 * indented by two (as indent=2). Used for everything that we write.
 *
 *	struct jsonwrite w;
 *	jsonwrite_init(&w, &buf, JSONWRITE_COMPACT);
 *	jsonwrite_open(&w, '{');
 *	jsonwrite_key(&w, "step"); jsonwrite_int(&w, 7);
 *	jsonwrite_close(&w, '}');
 *
 * It appends to the buffer it was given and owns nothing. Nesting is the
 * caller's duty, checked by assertion. Overflow is the buffer's
 * (buf_overflowed).
 */
#ifndef FORMAT_JSONWRITE_H
#define FORMAT_JSONWRITE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

enum jsonwrite_layout { JSONWRITE_COMPACT, JSONWRITE_INDENTED };

/* NaN and infinities: bare as Python writes them, or as the strings "NaN",
 * "Infinity", "-Infinity" (valid JSON). */
enum jsonwrite_nonfinite { JSONWRITE_BARE, JSONWRITE_QUOTED };

struct jsonwrite {
	struct buf *out;
	enum jsonwrite_layout layout;
	enum jsonwrite_nonfinite nonfinite;
	int depth;
	bool first; /* nothing in the open container yet */
	bool after_key;
};

/* Non-finite numbers are quoted until `nonfinite` is set otherwise. */
void jsonwrite_init(
    struct jsonwrite *w, struct buf *out, enum jsonwrite_layout layout);
/* Continues as if `depth` containers were open and the innermost had members
 * already (`first` false) or none: for writing a piece of a document. */
void jsonwrite_resume(struct jsonwrite *w, int depth, bool first);

void jsonwrite_open(struct jsonwrite *w, char bracket);
void jsonwrite_close(struct jsonwrite *w, char bracket);
void jsonwrite_key(struct jsonwrite *w, const char *text);
/* Writes a key that needs no escapes and has its quotes already: a quick way
 * for keys that come with every point. */
void jsonwrite_quoted_key(struct jsonwrite *w, const char *quoted, size_t len);
#define JSONWRITE_KEY(w, key) \
	jsonwrite_quoted_key((w), "\"" key "\"", sizeof key + 1)
/* A text of NULL becomes null. */
void jsonwrite_text(struct jsonwrite *w, const char *text);
void jsonwrite_int(struct jsonwrite *w, int64_t value);
void jsonwrite_double(struct jsonwrite *w, double value);
void jsonwrite_bool(struct jsonwrite *w, bool value);
void jsonwrite_null(struct jsonwrite *w);
/* A key and its value, or the beginning of its value. */
void jsonwrite_open_member(struct jsonwrite *w, const char *key, char bracket);
void jsonwrite_text_member(
    struct jsonwrite *w, const char *key, const char *text);
void jsonwrite_int_member(struct jsonwrite *w, const char *key, int64_t value);
void jsonwrite_double_member(
    struct jsonwrite *w, const char *key, double value);
void jsonwrite_bool_member(struct jsonwrite *w, const char *key, bool value);
/* Writes bytes that are one JSON value already. */
void jsonwrite_raw(struct jsonwrite *w, const char *bytes, size_t len);

/* Writes a value that was read (format/jsonscan.h) in this layout; its numbers
 * keep their digits. */
struct json_span;
void jsonwrite_span(struct jsonwrite *w, const struct json_span *value);

/* Puts U+FFFD in the place of each U+0000 and each lone surrogate, in JSON that
 * these functions wrote: databases and UTF-8 have no place for them. */
void jsonwrite_clean(char *json, size_t len);

/* The string literal alone, quotes included, ASCII only. */
void jsonwrite_literal(struct buf *out, const char *text);

/* Python's repr() of a double: shortest digits that read back equal, "12.0",
 * "1e-05", "1e+16", "nan", "inf", "-inf". Returns the length. */
#define PYFLOAT_SIZE 32
int pyfloat_repr(char text[PYFLOAT_SIZE], double value);

#endif
