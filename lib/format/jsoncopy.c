/* Writes a JSON value that was read, in the writer's own layout
 * (jsonwrite_span of jsonwrite.h). */
#include <math.h>
#include <stdlib.h>

#include "format/jsonscan.h"
#include "format/jsonwrite.h"

static void
write_object(struct jsonwrite *w, struct jsonscan *s)
{
	struct json_span key, value;

	jsonwrite_open(w, '{');
	jsonscan_enter(s, '{');
	while (jsonscan_member(s, &key) > 0 && jsonscan_value(s, &value) == 0) {
		char *text = json_text_new(&key);

		jsonwrite_key(w, text);
		free(text);
		jsonwrite_span(w, &value);
	}
	jsonwrite_close(w, '}');
}

static void
write_array(struct jsonwrite *w, struct jsonscan *s)
{
	struct json_span value;

	jsonwrite_open(w, '[');
	jsonscan_enter(s, '[');
	while (jsonscan_element(s) > 0 && jsonscan_value(s, &value) == 0)
		jsonwrite_span(w, &value);
	jsonwrite_close(w, ']');
}

void
jsonwrite_span(struct jsonwrite *w, const struct json_span *value)
{
	struct jsonscan s;
	double number;
	char *text;

	switch (value->type) {
	case JSON_OBJECT:
		jsonscan_init_span(&s, value);
		write_object(w, &s);
		break;
	case JSON_ARRAY:
		jsonscan_init_span(&s, value);
		write_array(w, &s);
		break;
	case JSON_STRING:
		text = json_text_new(value);
		jsonwrite_text(w, text);
		free(text);
		break;
	case JSON_NONE:
		jsonwrite_null(w);
		break;
	case JSON_DOUBLE:
		if (json_double(value, &number) == 0 && !isfinite(number))
			jsonwrite_double(w, number);
		else
			jsonwrite_raw(w, value->start, value->len);
		break;
	default:
		jsonwrite_raw(w, value->start, value->len);
	}
}
