/*
 * A JSON value read by the scanner and written again by the writer, for tests
 * that compare the two. Duplicate keys stay.
 */
#ifndef TESTS_REBUILD_H
#define TESTS_REBUILD_H

#include <stdlib.h>

#include "format/jsonscan.h"
#include "format/jsonwrite.h"

static inline void
rebuild_text(struct jsonwrite *w, const struct json_span *span, bool key)
{
	char *text = json_text_new(span);

	if (key)
		jsonwrite_key(w, text);
	else
		jsonwrite_text(w, text);
	free(text);
}

static inline void
rebuild_scalar(struct jsonwrite *w, const struct json_span *span)
{
	int64_t integer;
	double number;

	switch (span->type) {
	case JSON_STRING:
		rebuild_text(w, span, false);
		break;
	case JSON_INTEGER:
		if (json_int64(span, &integer) == 0)
			jsonwrite_int(w, integer);
		else
			jsonwrite_raw(w, span->start, span->len);
		break;
	case JSON_DOUBLE:
		json_double(span, &number);
		jsonwrite_double(w, number);
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		jsonwrite_bool(w, span->type == JSON_TRUE);
		break;
	default:
		jsonwrite_null(w);
		break;
	}
}

/* Stops at an error, which jsonscan_end() tells. */
static inline void
rebuild(struct jsonscan *s, struct jsonwrite *w)
{
	struct json_span span;

	if (jsonscan_enter(s, '{') == 0) {
		jsonwrite_open(w, '{');
		while (jsonscan_member(s, &span) > 0) {
			rebuild_text(w, &span, true);
			rebuild(s, w);
		}
		w->after_key = false;
		jsonwrite_close(w, '}');
	} else if (jsonscan_enter(s, '[') == 0) {
		jsonwrite_open(w, '[');
		while (jsonscan_element(s) > 0)
			rebuild(s, w);
		jsonwrite_close(w, ']');
	} else if (jsonscan_value(s, &span) == 0) {
		rebuild_scalar(w, &span);
	}
}

#endif
