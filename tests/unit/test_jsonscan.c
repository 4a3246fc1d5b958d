/* The traps of records.jsonl are named as insideLLMs' behaviour names them. */
#include <errno.h>
#include <stdlib.h>

#include "base/die.h"
#include "format/jsonscan.h"
#include "tap.h"

/* Read as a whole, and once more from a copy that ends where the text ends, so
 * that a sanitizer sees a byte too many. */
static bool
accepts(const char *text, size_t len)
{
	char *copy = xmalloc(len > 0 ? len : 1);
	struct jsonscan s;
	bool good;

	memcpy(copy, text, len);
	jsonscan_init(&s, copy, len);
	jsonscan_value(&s, NULL);
	good = jsonscan_end(&s) == 0;
	free(copy);
	return good;
}

static void
takes(const char *text, const char *name)
{
	ok(accepts(text, strlen(text)), "accepted: %s", name);
}

static void
refuses(const char *text, const char *name)
{
	ok(!accepts(text, strlen(text)), "refused: %s", name);
}

static void
test_grammar(void)
{
	takes("{}", "empty object");
	takes(" \t\r\n[ ] \r", "white space around, CRLF");
	takes("{\"a\" : [1 , {\"b\":null}] , \"c\":true}", "nested");
	refuses("", "nothing");
	refuses("[1,]", "comma before ]");
	refuses("{\"a\":1,}", "comma before }");
	refuses("[,1]", "comma after [");
	refuses("[1 2]", "no comma");
	refuses("{\"a\" 1}", "no colon");
	refuses("{a:1}", "a name without quotes");
	refuses("{\"a\":1", "no end");
	refuses("[1}", "wrong bracket");
	refuses("[", "only [");
	refuses("{} x", "Lines: text after the object");
	refuses("x {}", "Lines: text before the object");
	refuses("{}{}", "two values");
	refuses("nul", "a cut word");
	refuses("True", "Python's words");
	refuses("'a'", "single quotes");
	refuses("\v[]", "other white space");
	refuses("\xC2\xA0[]", "Unicode white space");
	refuses("\xEF\xBB\xBF{}", "BOM");
}

static void
test_numbers(void)
{
	char *digits = xmalloc(JSONSCAN_INT_DIGITS_MAX + 4);

	takes("0", "0");
	takes("-0", "-0");
	takes("-12.50e+7", "all parts");
	takes("1E5", "E");
	takes("NaN", "NaN");
	takes("[Infinity,-Infinity]", "Infinity");
	takes("1e999", "1e999");
	refuses("-NaN", "-NaN");
	refuses("+1", "+1");
	refuses("-", "only a minus");
	refuses("01", "a zero in front");
	refuses("1.", "no digits behind the point");
	refuses(".5", "no digits before it");
	refuses("1e", "no digits in the exponent");
	refuses("1e+", "nor behind its sign");
	refuses("0x10", "hexadecimal");
	refuses("Infinit", "a cut Infinity");
	memset(digits, '7', JSONSCAN_INT_DIGITS_MAX + 3);
	digits[JSONSCAN_INT_DIGITS_MAX] = '\0';
	takes(digits, "Big integers: 4300 digits");
	digits[JSONSCAN_INT_DIGITS_MAX] = '7';
	digits[JSONSCAN_INT_DIGITS_MAX + 1] = '\0';
	refuses(digits, "Big integers: 4301 digits");
	digits[JSONSCAN_INT_DIGITS_MAX] = '.';
	digits[JSONSCAN_INT_DIGITS_MAX + 1] = '7';
	digits[JSONSCAN_INT_DIGITS_MAX + 2] = '\0';
	takes(digits, "a double of 4301 digits");
	free(digits);
}

static void
test_strings(void)
{
	char text[64];
	int i, wrong = 0;

	takes("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"", "every escape");
	takes("\"\\ud83d\"", "Lone surrogates");
	takes("\"\x7F\xE2\x80\xA8\"", "DEL and U+2028");
	takes("\"\xFF\xE2\x82\"", "Invalid UTF-8");
	refuses("\"\\x41\"", "an unknown escape");
	refuses("\"\\u12g4\"", "no hexadecimal digit");
	refuses("\"\\u123\"", "three digits");
	refuses("\"\\\"", "only an escaped quote");
	refuses("\"\\", "an escape cut by the end");
	refuses("\"abc", "no quote at the end");
	refuses("\xE2\x82\"a\"", "Invalid UTF-8 outside a string");
	ok(!accepts("\"a\0b\"", 5), "refused: NUL bytes");
	ok(!accepts("[]\0", 3), "refused: NUL behind the value");
	/* At every place of the 16 bytes that are compared at once. */
	for (i = 1; i < 40; i++) {
		memset(text, 'a', sizeof text);
		text[0] = '"';
		text[40] = '"';
		wrong += !accepts(text, 41);
		text[i] = '\x1F';
		wrong += accepts(text, 41);
		text[i] = '\n';
		wrong += accepts(text, 41);
		text[i] = '"';
		wrong += accepts(text, 41) || !accepts(text, (size_t)i + 1);
		text[i] = '\\';
		wrong += accepts(text, 41);
		text[i + 1] = '"';
		wrong += i < 39 ? !accepts(text, 41) : accepts(text, 41);
	}
	is_int(wrong, 0, "raw control characters, quotes and escapes anywhere");
}

static void
test_long_line(void)
{
	size_t len = (size_t)10 << 20;
	char *text = xmalloc(len);

	memset(text, 'a', len);
	text[0] = text[len - 1] = '"';
	ok(accepts(text, len), "accepted: 10 MB lines");
	text[len - 2] = '\n';
	ok(!accepts(text, len), "refused: a raw newline near their end");
	free(text);
}

/* Runs of one to six backslashes at every place of the blocks, before a quote
 * and before a letter that makes no escape. */
static void
test_backslashes(void)
{
	char text[200];
	size_t at, run;
	int odd, wrong = 0;

	/* The first escape is where blocks begin. */
	for (at = 3; at < 150; at++) {
		for (run = 1; run <= 6; run++) {
			odd = run % 2;
			memset(text, 'x', sizeof text);
			text[0] = text[sizeof text - 1] = '"';
			text[1] = '\\';
			text[2] = 'n';
			memset(text + at, '\\', run);
			wrong += accepts(text, sizeof text) == odd;
			text[at + run] = '"';
			wrong += accepts(text, sizeof text) != odd;
			wrong += accepts(text, at + run + 1) == odd;
			text[at + run] = 'u';
			wrong += accepts(text, sizeof text) == odd;
			memset(text + at + run + 1, 'f', 4);
			wrong += !accepts(text, sizeof text);
		}
	}
	is_int(wrong, 0, "runs of backslashes anywhere");
}

static void
test_depth(void)
{
	char text[2 * JSONSCAN_DEPTH_MAX + 3];
	struct jsonscan s;
	int i, deep = JSONSCAN_DEPTH_MAX;

	memset(text, '[', sizeof text);
	memset(text + deep, ']', sizeof text - (size_t)deep);
	ok(accepts(text, 2 * (size_t)deep), "accepted: Depth 900");
	memset(text, '[', (size_t)deep + 1);
	ok(!accepts(text, 2 * (size_t)deep + 2), "refused: Depth 901");
	jsonscan_init(&s, text, 2 * (size_t)deep + 2);
	for (i = 0; i < deep; i++)
		if (jsonscan_enter(&s, '[') < 0 || jsonscan_element(&s) <= 0)
			break;
	is_int(i, deep, "900 can be entered");
	is_int(jsonscan_enter(&s, '['), -EBADMSG, "901 can't");
	jsonscan_init(&s, text, 2 * (size_t)deep + 2);
	jsonscan_enter(&s, '[');
	jsonscan_element(&s);
	is_int(jsonscan_value(&s, NULL), -EBADMSG,
	    "what was entered counts for what is passed over");
}

static void
test_pull(void)
{
	static const char text[] =
	    " {\"a\" : [1, \"x\"], \"b\":{\"c\":null}, \"d\\u0065\": 2.5 } ";
	struct json_span key, value;
	struct jsonscan s;

	jsonscan_init(&s, text, strlen(text));
	is_int(jsonscan_enter(&s, '['), -ENOENT, "an object is no array");
	is_int(jsonscan_enter(&s, '{'), 0, "but can still be entered");
	is_int(jsonscan_member(&s, &key), 1, "first member");
	ok(json_is(&key, "a") && key.plain && key.len == 3, "its name");
	is_int(jsonscan_enter(&s, '['), 0, "its array");
	is_int(jsonscan_element(&s), 1, "has an element");
	jsonscan_value(&s, &value);
	ok(value.type == JSON_INTEGER && value.len == 1 && *value.start == '1',
	    "1");
	is_int(jsonscan_element(&s), 1, "and another");
	jsonscan_value(&s, &value);
	ok(value.type == JSON_STRING && value.plain && json_is(&value, "x"),
	    "x");
	is_int(jsonscan_element(&s), 0, "and no more");
	is_int(jsonscan_member(&s, &key), 1, "second member");
	is_int(jsonscan_member(&s, &key), 1, "its value is passed over");
	ok(!key.plain && json_is(&key, "de") && !json_is(&key, "d"),
	    "escapes count as what they mean");
	jsonscan_value(&s, &value);
	ok(value.type == JSON_DOUBLE && value.len == 3, "2.5");
	is_int(jsonscan_end(&s), -EBADMSG, "the end is not here yet");
	jsonscan_init(&s, text, strlen(text));
	jsonscan_enter(&s, '{');
	while (jsonscan_member(&s, &key) > 0)
		;
	is_int(jsonscan_end(&s), 0, "all members passed over: one value");
	is_int((long long)jsonscan_offset(&s), (long long)strlen(text),
	    "every byte consumed");
}

static void
test_errors_stay(void)
{
	static const char text[] = "{\"a\":1,\"b\":tru,\"c\":2}";
	struct json_span key, value;
	struct jsonscan s;

	jsonscan_init(&s, text, strlen(text));
	jsonscan_enter(&s, '{');
	jsonscan_member(&s, &key);
	jsonscan_value(&s, &value);
	jsonscan_member(&s, &key);
	is_int(jsonscan_value(&s, &value), -EBADMSG, "a bad value");
	is_int((long long)jsonscan_offset(&s), 11, "stands at the offset");
	is_int(jsonscan_value(&s, &value), -EBADMSG, "every call after it");
	is_int(jsonscan_member(&s, &key), -EBADMSG, "says");
	is_int(jsonscan_element(&s), -EBADMSG, "so");
	is_int(jsonscan_enter(&s, '{'), -EBADMSG, "again");
	is_int(jsonscan_end(&s), -EBADMSG, "at the end too");
	jsonscan_init(&s, "x", 1);
	is_int(jsonscan_enter(&s, '{'), -EBADMSG, "no value begins with x");
	jsonscan_init(&s, "[1]", 3);
	jsonscan_enter(&s, '{');
	is_int(jsonscan_end(&s), -EBADMSG, "nothing was read");
	ok(accepts("\"\x80\"", 3), "a fresh scanner knows no error");
}

int
main(void)
{
	test_grammar();
	test_numbers();
	test_strings();
	test_backslashes();
	test_long_line();
	test_depth();
	test_pull();
	test_errors_stay();
	return done_testing();
}
