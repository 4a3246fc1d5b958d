#include "format/jsonwrite.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "format/number.h"
#include "format/text.h"

#define INDENT "  "

void
jsonwrite_init(
    struct jsonwrite *w, struct buf *out, enum jsonwrite_layout layout)
{
	*w = (struct jsonwrite){.out = out,
	    .layout = layout,
	    .nonfinite = JSONWRITE_QUOTED,
	    .first = true};
}

void
jsonwrite_resume(struct jsonwrite *w, int depth, bool first)
{
	w->depth = depth;
	w->first = first;
	w->after_key = false;
}

static void
break_line(struct jsonwrite *w)
{
	int i;

	if (w->layout == JSONWRITE_COMPACT)
		return;
	buf_addc(w->out, '\n');
	for (i = 0; i < w->depth; i++)
		buf_adds(w->out, INDENT);
}

/* Writes the separator between the previous item and the next key or value. */
static inline void
separate(struct jsonwrite *w)
{
	if (w->after_key) {
		w->after_key = false;
		return;
	}
	if (w->depth == 0)
		return;
	if (!w->first)
		buf_addc(w->out, ',');
	break_line(w);
	w->first = false;
}

void
jsonwrite_open(struct jsonwrite *w, char bracket)
{
	assert(bracket == '{' || bracket == '[');
	separate(w);
	buf_addc(w->out, bracket);
	w->depth++;
	w->first = true;
}

void
jsonwrite_close(struct jsonwrite *w, char bracket)
{
	assert(bracket == '}' || bracket == ']');
	assert(w->depth > 0 && !w->after_key);
	w->depth--;
	if (!w->first)
		break_line(w);
	buf_addc(w->out, bracket);
	/* The container around it now has a member. */
	w->first = false;
}

static inline void
end_key(struct jsonwrite *w)
{
	buf_addc(w->out, ':');
	if (w->layout != JSONWRITE_COMPACT)
		buf_addc(w->out, ' ');
	w->after_key = true;
}

void
jsonwrite_key(struct jsonwrite *w, const char *text)
{
	assert(w->depth > 0 && !w->after_key);
	separate(w);
	jsonwrite_literal(w->out, text);
	end_key(w);
}

void
jsonwrite_quoted_key(struct jsonwrite *w, const char *quoted, size_t len)
{
	assert(w->depth > 0 && !w->after_key);
	separate(w);
	buf_add(w->out, quoted, len);
	end_key(w);
}

void
jsonwrite_open_member(struct jsonwrite *w, const char *key, char bracket)
{
	jsonwrite_key(w, key);
	jsonwrite_open(w, bracket);
}

void
jsonwrite_text_member(struct jsonwrite *w, const char *key, const char *text)
{
	jsonwrite_key(w, key);
	jsonwrite_text(w, text);
}

void
jsonwrite_int_member(struct jsonwrite *w, const char *key, int64_t value)
{
	jsonwrite_key(w, key);
	jsonwrite_int(w, value);
}

void
jsonwrite_double_member(struct jsonwrite *w, const char *key, double value)
{
	jsonwrite_key(w, key);
	jsonwrite_double(w, value);
}

void
jsonwrite_bool_member(struct jsonwrite *w, const char *key, bool value)
{
	jsonwrite_key(w, key);
	jsonwrite_bool(w, value);
}

void
jsonwrite_raw(struct jsonwrite *w, const char *bytes, size_t len)
{
	separate(w);
	buf_add(w->out, bytes, len);
}

void
jsonwrite_text(struct jsonwrite *w, const char *text)
{
	if (text == NULL) {
		jsonwrite_null(w);
		return;
	}
	separate(w);
	jsonwrite_literal(w->out, text);
}

void
jsonwrite_int(struct jsonwrite *w, int64_t value)
{
	char text[1 + NUMBER_DIGITS_MAX];
	char *p = number_digits(text + sizeof text,
	    value < 0 ? 0 - (uint64_t)value : (uint64_t)value);

	separate(w);
	if (value < 0)
		*--p = '-';
	buf_add(w->out, p, (size_t)(text + sizeof text - p));
}

void
jsonwrite_double(struct jsonwrite *w, double value)
{
	const char *quote = w->nonfinite == JSONWRITE_QUOTED ? "\"" : "";
	char text[PYFLOAT_SIZE];
	const char *word;

	if (isfinite(value)) {
		jsonwrite_raw(w, text, (size_t)pyfloat_repr(text, value));
		return;
	}
	word = isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
	separate(w);
	buf_addf(w->out, "%s%s%s", quote, word, quote);
}

void
jsonwrite_bool(struct jsonwrite *w, bool value)
{
	separate(w);
	buf_adds(w->out, value ? "true" : "false");
}

void
jsonwrite_null(struct jsonwrite *w)
{
	separate(w);
	buf_adds(w->out, "null");
}

static void
add_escape(struct buf *out, uint32_t c)
{
	/* The characters that have a short escape, and the letters of these
	 * escapes. */
	static const char shorts[] = "\"\\\n\r\t\b\f", letters[] = "\"\\nrtbf";
	const char *found = c > 0 && c < 0x80 ? strchr(shorts, (int)c) : NULL;

	if (found != NULL)
		buf_addf(out, "\\%c", letters[found - shorts]);
	else if (c < 0x10000)
		buf_addf(out, "\\u%04" PRIx32, c);
	else
		buf_addf(out, "\\u%04" PRIx32 "\\u%04" PRIx32,
		    0xD800 + ((c - 0x10000) >> 10),
		    0xDC00 + ((c - 0x10000) & 0x3FF));
}

static const bool plain[256] = {
    [' ' ... '!'] = true,
    ['#' ... '['] = true,
    [']' ... '~'] = true,
};

static bool
stands_for_itself(char c)
{
	return plain[(unsigned char)c];
}

/* Nearly every text needs no escape, so one copy writes it. */
static bool
add_plain_literal(struct buf *out, const char *text)
{
	size_t len = strlen(text);
	char *room = buf_reserve(out, len + 2);

	if (room == NULL)
		return true; /* the buffer remembers the overflow */
	*room++ = '"';
	for (size_t i = 0; i < len; i++) {
		if (!stands_for_itself(text[i]))
			return false;
		*room++ = text[i];
	}
	*room = '"';
	buf_advance(out, len + 2);
	return true;
}

void
jsonwrite_literal(struct buf *out, const char *text)
{
	const char *p = text, *run;

	if (add_plain_literal(out, text))
		return;
	buf_addc(out, '"');
	while (*p != '\0') {
		run = p;
		while (stands_for_itself(*p))
			p++;
		buf_add(out, run, (size_t)(p - run));
		if (*p != '\0')
			add_escape(out, text_next(&p));
	}
	buf_addc(out, '"');
}
