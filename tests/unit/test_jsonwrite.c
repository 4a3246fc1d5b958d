#include <math.h>
#include <stdlib.h>

#include <cjson/cJSON.h>

#include "format/jsonwrite.h"
#include "tap.h"

#define MAX 65536

/* Something of everything; the texts that it becomes are in test_layouts. */
static void
write_all(struct jsonwrite *w)
{
	jsonwrite_open(w, '{');
	jsonwrite_key(w, "empty");
	jsonwrite_open(w, '[');
	jsonwrite_close(w, ']');
	jsonwrite_key(w, "list");
	jsonwrite_open(w, '[');
	jsonwrite_int(w, -7);
	jsonwrite_double(w, 12);
	jsonwrite_open(w, '{');
	jsonwrite_close(w, '}');
	jsonwrite_null(w);
	jsonwrite_close(w, ']');
	jsonwrite_key(w, "map");
	jsonwrite_open(w, '{');
	jsonwrite_bool_member(w, "yes", true);
	jsonwrite_key(w, "raw");
	jsonwrite_raw(w, "[1]", 3);
	jsonwrite_text_member(w, "no text", NULL);
	jsonwrite_close(w, '}');
	jsonwrite_close(w, '}');
}

static void
test_layouts(void)
{
	struct jsonwrite w;
	struct buf b;

	buf_init(&b, MAX);
	jsonwrite_init(&w, &b, JSONWRITE_COMPACT);
	write_all(&w);
	is_text(b.data,
	    "{\"empty\":[],\"list\":[-7,12.0,{},null],\"map\":{\"yes\":true,"
	    "\"raw\":[1],\"no text\":null}}",
	    "compact");
	buf_reset(&b);
	jsonwrite_init(&w, &b, JSONWRITE_INDENTED);
	write_all(&w);
	is_text(b.data,
	    "{\n  \"empty\": [],\n  \"list\": [\n    -7,\n    12.0,\n    {},\n"
	    "    null\n  ],\n  \"map\": {\n    \"yes\": true,\n"
	    "    \"raw\": [1],\n    \"no text\": null\n  }\n}",
	    "indent=2, no newline at the end");
	buf_release(&b);
}

static void
test_integers(void)
{
	static const int64_t values[] = {
	    0, 9, 10, -10, 1764000000123, INT64_MAX, INT64_MIN};
	struct jsonwrite w;
	struct buf b;

	buf_init(&b, MAX);
	jsonwrite_init(&w, &b, JSONWRITE_COMPACT);
	jsonwrite_open(&w, '[');
	for (size_t i = 0; i < sizeof values / sizeof *values; i++)
		jsonwrite_int(&w, values[i]);
	jsonwrite_close(&w, ']');
	is_text(b.data,
	    "[0,9,10,-10,1764000000123,9223372036854775807,"
	    "-9223372036854775808]",
	    "integers to both ends");
	buf_release(&b);
}

/* What a program that adds an element to a written list needs. */
static void
test_resume(void)
{
	struct jsonwrite w;
	struct buf b;

	buf_init(&b, MAX);
	jsonwrite_init(&w, &b, JSONWRITE_INDENTED);
	jsonwrite_resume(&w, 1, false);
	jsonwrite_int(&w, 2);
	jsonwrite_close(&w, ']');
	is_text(b.data, ",\n  2\n]", "behind other elements");
	buf_reset(&b);
	jsonwrite_resume(&w, 2, true);
	jsonwrite_key(&w, "a");
	jsonwrite_int(&w, 1);
	is_text(b.data, "\n    \"a\": 1", "as the first member");
	buf_release(&b);
}

static void
literal_case(const char *text, const char *want, const char *name)
{
	struct buf b;

	buf_init(&b, MAX);
	jsonwrite_literal(&b, text);
	is_text(b.data, want, name);
	buf_release(&b);
}

static void
test_literals(void)
{
	literal_case("", "\"\"", "empty");
	literal_case(" a~/", "\" a~/\"", "what stands for itself");
	literal_case(
	    "\"\\\n\r\t\b\f", "\"\\\"\\\\\\n\\r\\t\\b\\f\"", "the short forms");
	literal_case("\x01\x1F\x7F", "\"\\u0001\\u001f\\u007f\"",
	    "control characters and DEL, lower case");
	literal_case(
	    "\xC3\xA9\xE2\x82\xAC", "\"\\u00e9\\u20ac\"", "beyond ASCII");
	literal_case("\xF0\x9F\x98\x80", "\"\\ud83d\\ude00\"",
	    "a surrogate pair beyond the BMP");
	literal_case("a\xC0\x80"
		     "b",
	    "\"a\\u0000b\"", "U+0000");
	literal_case("\xED\xA0\xBD", "\"\\ud83d\"",
	    "Lone surrogates come back in ASCII output");
}

/* cJSON as a second reader of what is written: texts in UTF-8, and doubles to
 * the last bit. */
static void
test_second_reader(void)
{
	static const char *const texts[] = {"", " a~/\x7f", "\"\\\n\r\t\b\f/",
	    "\x01\x1f", "\xc3\xa9\xe2\x82\xac", "\xf0\x9f\x98\x80",
	    "</script>"};
	static const double numbers[] = {0, -1, 0.1, 1e-5, 5e-324,
	    1.7976931348623157e308, 9007199254740993.0, 1e16, 123456.789};
	struct jsonwrite w;
	struct buf b;
	cJSON *doc;

	buf_init(&b, MAX);
	jsonwrite_init(&w, &b, JSONWRITE_INDENTED);
	jsonwrite_open(&w, '[');
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		jsonwrite_text(&w, texts[i]);
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		jsonwrite_double(&w, numbers[i]);
	write_all(&w);
	jsonwrite_close(&w, ']');
	doc = cJSON_Parse(b.data);
	for (int i = 0; i < (int)(sizeof texts / sizeof *texts); i++)
		is_text(cJSON_GetStringValue(cJSON_GetArrayItem(doc, i)),
		    texts[i], "a text for cJSON");
	for (int i = 0; i < (int)(sizeof numbers / sizeof *numbers); i++)
		ok(cJSON_GetNumberValue(cJSON_GetArrayItem(doc,
		       i + (int)(sizeof texts / sizeof *texts))) == numbers[i],
		    "%.17g for cJSON", numbers[i]);
	ok(cJSON_IsObject(cJSON_GetArrayItem(doc, cJSON_GetArraySize(doc) - 1)),
	    "and the rest of it");
	cJSON_Delete(doc);
	buf_release(&b);
}

static void
test_nonfinite(void)
{
	struct jsonwrite w;
	struct buf b;

	buf_init(&b, MAX);
	jsonwrite_init(&w, &b, JSONWRITE_COMPACT);
	jsonwrite_open(&w, '[');
	jsonwrite_double(&w, NAN);
	jsonwrite_double(&w, -INFINITY);
	w.nonfinite = JSONWRITE_BARE;
	jsonwrite_double(&w, NAN);
	jsonwrite_double(&w, INFINITY);
	jsonwrite_double(&w, -INFINITY);
	jsonwrite_close(&w, ']');
	is_text(b.data, "[\"NaN\",\"-Infinity\",NaN,Infinity,-Infinity]",
	    "quoted, and bare as Python writes them");
	buf_release(&b);
}

static void
test_clean(void)
{
	char json[] = "[\"a\\u0000\\ud83d\\ude00\\ud800b\\udfff\\\\ud800\"]";

	jsonwrite_clean(json, strlen(json));
	is_text(json, "[\"a\\ufffd\\ud83d\\ude00\\ufffdb\\ufffd\\\\ud800\"]",
	    "U+0000 and lone surrogates are taken out, pairs stay");
}

int
main(void)
{
	test_layouts();
	test_integers();
	test_resume();
	test_literals();
	test_second_reader();
	test_nonfinite();
	test_clean();
	return done_testing();
}
