#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/die.h"
#include "format/jsonscan.h"
#include "tap.h"

#define MAX 65536

static struct json_span
read_span(const char *text)
{
	struct json_span span = {.type = JSON_NONE};
	struct jsonscan s;

	jsonscan_init(&s, text, strlen(text));
	if (jsonscan_value(&s, &span) < 0 || jsonscan_end(&s) < 0)
		die("not JSON: %s", text);
	return span;
}

static void
pystr_case(const char *json, const char *want, const char *name)
{
	struct json_span span = read_span(json);
	struct buf b;

	buf_init(&b, MAX);
	json_pystr(&span, &b);
	is_text(b.data, want, name);
	buf_release(&b);
}

static void
test_pystr(void)
{
	struct json_span none = {.type = JSON_NONE};
	struct buf b;

	pystr_case("null", "None", "Unknown or missing status: None");
	pystr_case("true", "True", "Unknown or missing status: True");
	pystr_case("false", "False", "False");
	pystr_case("12", "12", "an integer");
	pystr_case("-0", "0", "the integer -0 is 0");
	pystr_case("-0.0", "-0.0", "the double is not");
	pystr_case("123456789012345678901234567890",
	    "123456789012345678901234567890", "Big integers are exact");
	pystr_case("1e5", "100000.0", "a double by repr");
	pystr_case("0.00001", "1e-05", "in exponent form");
	pystr_case("[NaN,Infinity,-Infinity,1e999]", "[nan, inf, -inf, inf]",
	    "NaN, Infinity, -Infinity");
	pystr_case("\"it's\"", "it's", "a string's content");
	pystr_case("[]", "[]", "an empty list");
	pystr_case("{ }", "{}", "an empty dictionary");
	pystr_case("[1, \"a\", {\"k\" : null}]", "[1, 'a', {'k': None}]",
	    "containers");
	pystr_case("[\"it's\"]", "[\"it's\"]", "quotes: one apostrophe");
	pystr_case("[\"\\\"\"]", "['\"']", "quotes: a quote");
	pystr_case("[\"'\\\"\"]", "['\\'\"']", "quotes: both");
	pystr_case("[\"\\\\\\n\\r\\t\\b\\u007f\"]",
	    "['\\\\\\n\\r\\t\\x08\\x7f']", "escapes of repr");
	pystr_case("[\"\\u00e9\\u00a0\\u2028\\ud83d\\ude00\"]",
	    "['\xC3\xA9\\xa0\\u2028\xF0\x9F\x98\x80']", "what is printable");
	pystr_case("[\"\\udb40\\udc01\\ud83d\"]", "['\\U000e0001\\ud83d']",
	    "what is not");
	pystr_case("[\"\\u0000\"]", "['\\x00']", "U+0000 in a list");
	pystr_case("\"a\\u0000\"", "a\xC0\x80", "U+0000 as text");
	pystr_case("{\"a\":1,\"b\":2,\"a\":3}", "{'a': 3, 'b': 2}",
	    "Duplicate keys: the last wins, in the first one's place");
	pystr_case("{\"a\":1,\"\\u0061\":{\"x\":1,\"x\":[],\"y\":0}}",
	    "{'a': {'x': [], 'y': 0}}", "however they are written");
	buf_init(&b, MAX);
	json_pystr(&none, &b);
	is_text(b.data, "None", "an absent value");
	buf_release(&b);
	buf_init(&b, 5);
	none = read_span("[1,2,3,4,5]");
	is_int(json_pystr(&none, &b), -EMSGSIZE, "a full buffer is said");
	buf_release(&b);
}

static void
text_case(const char *json, const char *want, const char *name)
{
	struct json_span span = read_span(json);
	char *text = json_text_new(&span);

	is_text(text, want, name);
	free(text);
}

static void
test_text(void)
{
	struct json_span span = read_span("7");
	struct json_span none = {.type = JSON_NONE};
	struct buf b;

	text_case("\"\"", "", "an empty string");
	text_case("\"plain\"", "plain", "a plain one");
	text_case("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t",
	    "every escape");
	text_case("\"a\\u00e9\\u20AC\"", "a\xC3\xA9\xE2\x82\xAC", "\\u");
	text_case("\"\\ud83d\\ude00\"", "\xF0\x9F\x98\x80", "a pair");
	text_case("\"\\ud83d\\ud83d\\ude00\"", "\xED\xA0\xBD\xF0\x9F\x98\x80",
	    "a pair behind a lone one");
	text_case("\"\\ude00\\ud83d\"", "\xED\xB8\x80\xED\xA0\xBD",
	    "Lone surrogates");
	text_case("\"\\ud83d\\n\"", "\xED\xA0\xBD\n",
	    "a surrogate before another escape");
	text_case("\"\xE2\x82\\n\xFF\"", "\xEF\xBF\xBD\n\xEF\xBF\xBD",
	    "Invalid UTF-8: each bad byte sequence is U+FFFD");
	text_case("1", NULL, "no string");
	span = read_span("\"step\"");
	ok(json_is(&span, "step") && !json_is(&span, "steps") &&
		!json_is(&span, "ste") && !json_is(&span, ""),
	    "a plain string is itself alone");
	span = read_span("\"s\\u0074ep\"");
	ok(json_is(&span, "step") && !json_is(&span, "steps"),
	    "whatever its escapes");
	span = read_span("7");
	/* Without a word on NULL pointers by the undefined-behaviour check. */
	ok(!json_is(&none, ""), "absent is no string");
	is_int(json_text(&none, &b), -EINVAL, "absent has no text");
	buf_init(&b, MAX);
	is_int(json_text(&span, &b), -EINVAL, "no string: -EINVAL");
	is_int((long long)b.len, 0, "nothing added");
	buf_release(&b);
}

static void
int_case(const char *json, int code, int64_t want)
{
	struct json_span span = read_span(json);
	int64_t value = 0;

	ok(json_int64(&span, &value) == code && (code < 0 || value == want),
	    "json_int64: %.40s", json);
}

static void
double_case(const char *json, int code, double want)
{
	struct json_span span = read_span(json);
	double value = 0;

	ok(json_double(&span, &value) == code &&
		(code < 0 || memcmp(&value, &want, sizeof value) == 0),
	    "json_double: %.40s", json);
}

static void
test_numbers(void)
{
	double nan_value = 0;
	struct json_span span = read_span("NaN");

	int_case("0", 0, 0);
	int_case("-0", 0, 0);
	int_case("9007199254740993", 0, 9007199254740993);
	int_case("9223372036854775807", 0, INT64_MAX);
	int_case("-9223372036854775808", 0, INT64_MIN);
	int_case("9223372036854775808", -ERANGE, 0);
	int_case("-9223372036854775809", -ERANGE, 0);
	int_case("100000000000000000000000", -ERANGE, 0);
	int_case("1.0", -EINVAL, 0);
	int_case("\"1\"", -EINVAL, 0);
	double_case("12", 0, 12);
	double_case("12.0", 0, 12);
	double_case("0.0", 0, 0.0);
	double_case("10.00", 0, 10);
	double_case("10.05", 0, 10.05);
	double_case("1e2", 0, 100);
	double_case("999999999999999.0", 0, 999999999999999.0);
	double_case("123456789012345678.0", 0, 123456789012345680.0);
	double_case("-7.0", 0, -7);
	double_case("-0", 0, 0.0);
	double_case("-0.0", 0, -0.0);
	double_case("9007199254740993", 0, 9007199254740992.0);
	double_case("1e999", 0, INFINITY);
	double_case("-Infinity", 0, -INFINITY);
	double_case("5e-324", 0, 5e-324);
	double_case("0.1000000000000000055511151231257827021181583404541015625"
		    "00000000000000000001",
	    0, 0.1);
	double_case("true", -EINVAL, 0);
	double_case("null", -EINVAL, 0);
	ok(json_double(&span, &nan_value) == 0 && isnan(nan_value),
	    "json_double: NaN");
}

static void
truth_case(const char *json, bool want)
{
	struct json_span span = read_span(json);

	ok(json_truth(&span) == want, "%s is %s", json,
	    want ? "something" : "empty");
}

static void
test_truth(void)
{
	static const char *const empty[] = {"null", "false", "0", "-0", "0.0",
	    "-0.0", "0e5", "1e-999", "\"\"", "[]", "[ ]", "{}", "{ \t}"};
	static const char *const full[] = {"true", "1", "0.5", "NaN", "\"0\"",
	    "\" \"", "[0]", "{\"\":0}", "Infinity"};
	struct json_span none = {.type = JSON_NONE};
	size_t i;

	ok(!json_truth(&none), "absent is empty");
	for (i = 0; i < sizeof empty / sizeof *empty; i++)
		truth_case(empty[i], false);
	for (i = 0; i < sizeof full / sizeof *full; i++)
		truth_case(full[i], true);
}

static void
test_members(void)
{
	struct json_span object =
	    read_span("{\"a\":1,\"b\":[\"a\",{\"z\":2}],\"\\u0061\":3}");
	struct json_span array = read_span("[\"a\"]");
	struct json_span name = read_span("\"n\\u00e9\"");
	int64_t value = 0;

	json_int64(&(struct json_span){.type = JSON_NONE}, &value);
	object = json_member(&object, "a");
	ok(json_int64(&object, &value) == 0 && value == 3,
	    "Duplicate keys: the last wins");
	object = read_span("{\"a\":{\"b\":null}}");
	object = json_member(&object, "a");
	is_int(json_member(&object, "b").type, JSON_NULL, "null is there");
	is_int(json_member(&object, "c").type, JSON_NONE, "nothing is not");
	is_int(json_member(&array, "a").type, JSON_NONE, "no object");
	ok(!json_is(&array, "a"), "json_is: no string");
	ok(!json_is(&name, "n") && !json_is(&name, "n\xC3\xA9"),
	    "json_is: ASCII only");
	name = read_span("\"ab\"");
	ok(json_is(&name, "ab") && !json_is(&name, "a") &&
		!json_is(&name, "abc"),
	    "json_is: the whole string");
}

int
main(void)
{
	test_pystr();
	test_text();
	test_numbers();
	test_truth();
	test_members();
	return done_testing();
}
