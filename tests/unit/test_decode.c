#include "mapping/decode.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"

static enum decoded
decode(const char *line)
{
	struct record record;

	return decode_line(&record, line, strlen(line));
}

/* Is the span these bytes? */
static void
is_span(const struct json_span *span, const char *want, const char *name)
{
	char *got = strndup(span->type == JSON_NONE ? "(none)" : span->start,
	    span->type == JSON_NONE ? 6 : span->len);

	is_text(got, want, name);
	free(got);
}

static void
test_kinds(void)
{
	static const struct {
		const char *line;
		enum decoded want;
	} cases[] = {
	    {"{}", DECODED_RECORD},
	    {" {\"a\" : [1, {}] }\t\r", DECODED_RECORD},
	    {"{\"a\":NaN,\"b\":-Infinity,\"c\":1e999}", DECODED_RECORD},
	    {"{\"a\":\"\xff\xfe\"}", DECODED_RECORD},
	    {"{\"a\":\"\\ud83d\"}", DECODED_RECORD},
	    {"{\"a\":\"\xe2\x80\xa8\"}", DECODED_RECORD},
	    {"{\"custom\":{\"harness\":1},\"custom\":7}", DECODED_RECORD},
	    {"", DECODED_BLANK},
	    {" \t\r", DECODED_BLANK},
	    {"\x0b\x0c\x1c\x1d\x1e\x1f", DECODED_BLANK},
	    {"\xc2\x85\xc2\xa0\xe1\x9a\x80\xe2\x80\x80\xe2\x80\x8a"
	     "\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaf\xe2\x81\x9f"
	     "\xe3\x80\x80",
		DECODED_BLANK},
	    {"\xe2\x80\x8b", DECODED_MALFORMED}, /* U+200B is none */
	    {"\xef\xbb\xbf{}", DECODED_MALFORMED},
	    {"\xef\xbb\xbf", DECODED_MALFORMED},
	    {"\xff", DECODED_MALFORMED},
	    {"{", DECODED_MALFORMED},
	    {"{\"a\":1", DECODED_MALFORMED},
	    {"{\"a\":1,}", DECODED_MALFORMED},
	    {"{'a':1}", DECODED_MALFORMED},
	    {"{} {}", DECODED_MALFORMED},
	    {"x{}", DECODED_MALFORMED},
	    {"\xc2\xa0{}", DECODED_MALFORMED},
	    {"{\"a\":\"\t\"}", DECODED_MALFORMED},
	    {"{\"custom\":{\"harness\":{\"a\":}}}", DECODED_MALFORMED},
	    {"{\"custom\":{\"harness\":1", DECODED_MALFORMED},
	    {"{\"status\":01}", DECODED_MALFORMED},
	    {"[]", DECODED_MALFORMED},
	    {"null", DECODED_MALFORMED},
	    {"7", DECODED_MALFORMED},
	    {"\"{}\"", DECODED_MALFORMED},
	};
	size_t i;

	for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
		is_int(decode(cases[i].line), cases[i].want, cases[i].line);
}

static void
test_nul(void)
{
	static const char inside[] = "{\"a\":1}\0";
	struct record record;

	is_int(decode_line(&record, inside, sizeof inside - 1),
	    DECODED_MALFORMED, "a NUL behind the object");
	is_int(decode_line(&record, "\0", 1), DECODED_MALFORMED, "a NUL alone");
}

static void
test_members(void)
{
	static const char line[] =
	    "{\"schema_version\":\"1\",\"run_id\":\"r\",\"started_at\":\"s\","
	    "\"completed_at\":\"c\",\"model\":{\"a\":1},\"probe\":[2],"
	    "\"custom\":{\"x\":1,\"harness\":{\"h\":1}},\"scores\":{},"
	    "\"usage\":3,\"latency_ms\":4.5,\"status\":\"success\"}";
	struct record r;

	decode_line(&r, line, strlen(line));
	is_span(&r.schema_version, "\"1\"", "schema_version");
	is_span(&r.run_id, "\"r\"", "run_id");
	is_span(&r.started_at, "\"s\"", "started_at");
	is_span(&r.completed_at, "\"c\"", "completed_at");
	is_span(&r.model, "{\"a\":1}", "model");
	is_span(&r.probe, "[2]", "probe");
	is_span(&r.harness, "{\"h\":1}", "harness");
	is_span(&r.scores, "{}", "scores");
	is_span(&r.usage, "3", "usage");
	is_span(&r.latency_ms, "4.5", "latency_ms");
	is_span(&r.status, "\"success\"", "status");
}

static void
is_harness(const char *line, const char *want)
{
	struct record r;

	decode_line(&r, line, strlen(line));
	is_span(&r.harness, want, line);
}

static void
test_last_wins(void)
{
	static const char line[] =
	    "{\"status\":1,\"stat\\u0075s\":2,\"Status\":3,\"status \":4}";
	struct record r;

	decode_line(&r, line, strlen(line));
	is_span(&r.status, "2", "an escaped key, and the last one");
	is_span(&r.run_id, "(none)", "an absent member");
	is_harness(
	    "{\"custom\":{\"harness\":{\"a\":1}},\"custom\":{}}", "(none)");
	is_harness(
	    "{\"custom\":{\"harness\":{\"a\":1}},\"custom\":null}", "(none)");
	is_harness("{\"custom\":{\"harness\":{},\"harness\":null}}", "(none)");
	is_harness("{\"custom\":{\"harness\":[],\"harness\":{}}}", "{}");
	is_harness("{\"harness\":{}}", "(none)");
	is_harness("{\"custom\":[{\"harness\":{}}]}", "(none)");
}

static void
test_depth(void)
{
	char line[4096];
	int depth, want, i;
	size_t len;

	/* The record itself is one level. */
	for (want = 1; want >= 0; want--) {
		depth = JSONSCAN_DEPTH_MAX - want;
		len = (size_t)snprintf(line, sizeof line, "{\"a\":");
		for (i = 0; i < depth; i++)
			line[len++] = '[';
		for (i = 0; i < depth; i++)
			line[len++] = ']';
		line[len++] = '}';
		line[len] = '\0';
		ok(decode(line) == (want ? DECODED_RECORD : DECODED_MALFORMED),
		    "%d levels", depth + 1);
	}
}

int
main(void)
{
	test_kinds();
	test_nul();
	test_members();
	test_last_wins();
	test_depth();
	return done_testing();
}
