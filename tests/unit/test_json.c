#include <errno.h>
#include <stdlib.h>

#include "base/buf.h"
#include "foreign/json.h"
#include "tap.h"
#include "same_json.h"

#define MAX ((size_t)1 << 22)

static void
is_at(const char *json, const char *path, const char *want, const char *name)
{
	cJSON *doc;

	json_document(json, strlen(json), &doc, NULL);
	is_text(json_at_text(doc, path), want, name);
	cJSON_Delete(doc);
}

static void
test_paths(void)
{
	static const char run[] =
	    "{\"runs\":[{\"id\":\"a\"},{\"id\":\"b\",\"n\":1}],\"ID\":\"c\"}";
	cJSON *doc;
	char *text;

	is_at(run, "runs.1.id", "b", "a member of an element");
	is_at(run, "runs.2.id", NULL, "no such element");
	is_at(run, "id", NULL, "names differ by case");
	is_at(run, "runs.id", NULL, "an array has no names");
	is_at(run, "runs.1.n", NULL, "a number is no text");
	is_at("{\"a\":\"x\",\"a\":\"y\"}", "a", "y", "the last one counts");
	is_at("\"a\"", "", "a", "the document itself");
	is_int(json_document("{\"a\":\"b\"}", 9, &doc, NULL), 0, "a document");
	ok(json_at_is(doc, "a", "b"), "is this text");
	ok(!json_at_is(doc, "a", "B"), "is not another");
	ok(!json_at_is(doc, "b", "b"), "what is not there is no text");
	text = json_at_text_new(doc, "a");
	cJSON_Delete(doc);
	is_text(text, "b", "a text of one's own");
	free(text);
	ok(json_at(NULL, "a") == NULL, "nothing has no members");
}

/* As json.loads takes it, and as the scanner has it. */
static void
test_python(void)
{
	static const char *const documents[] = {"\"a\\u0000b\"", "\"\\ud800\"",
	    "\"\\udc00\\ud83d\\ude00\\ud83d\"", "\"\\ud800\\u0041\"",
	    "\"\\\\u0000\\\\\\u0000\"", "[NaN,Infinity,-Infinity,-1,\"NaN\"]",
	    "{\"NaN\":NaN}", "\"raw \xff\xc3\xa9 \xed\xa0\x80\"",
	    "[0.1,1e308,1e999,-0.0,9007199254740993,123456789012345678901]",
	    " {\"a\":[],\"b\":{},\"c\":null,\"d\":true,\"e\":false}\n"};
	struct json_span span;
	cJSON *doc;

	for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++) {
		const char *text = documents[i];

		ok(jsonscan_whole(text, strlen(text), &span) == 0 &&
			json_document(text, strlen(text), &doc, NULL) == 0 &&
			same_json(&span, doc),
		    "both readers: %s", text);
		cJSON_Delete(doc);
	}
}

static void
test_refused(void)
{
	static const char *const documents[] = {"", " ", "{", "{\"a\":1",
	    "[1,]", "{} x", "{}{}", "nan", "-", "'a'", "[\"\\u00\"]", "\"\\",
	    "NaNa", "[\\]"};
	struct err err = ERR_INIT;
	struct buf text;
	cJSON *doc;

	for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++)
		ok(json_document(documents[i], strlen(documents[i]), &doc,
		       NULL) == -EBADMSG &&
			doc == NULL,
		    "no JSON: %s", documents[i]);
	json_document("{\"a\":x}", 7, &doc, &err);
	is_text(err.message, "not JSON (at byte 5 of 7)", "the place is named");
	buf_init(&text, MAX);
	for (size_t i = 0; i < JSON_VALUES_MAX; i++)
		buf_adds(&text, i == 0 ? "[0" : ",0");
	buf_addc(&text, ']');
	is_int(json_document(text.data, text.len, &doc, NULL), -EMSGSIZE,
	    "more values than memory is given for");
	buf_reset(&text);
	for (size_t i = 0; i < 100000; i++)
		buf_addc(&text, '[');
	is_int(json_document(text.data, text.len, &doc, NULL), -EBADMSG,
	    "nesting without end");
	buf_release(&text);
}

int
main(void)
{
	test_paths();
	test_python();
	test_refused();
	return done_testing();
}
