/* OpenTelemetry's messages, byte by byte. */
#include "tracker/common/otel.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"

#define BYTES 65536

static void
is_bytes(struct buf *out, const char *want, size_t len, const char *name)
{
	if (!ok(out->len == len && memcmp(out->data, want, len) == 0, "%s",
		name)) {
		printf("# got");
		for (size_t i = 0; i < out->len && i < 128; i++)
			printf(" %02x", (unsigned char)out->data[i]);
		printf("\n");
	}
	buf_reset(out);
}

#define IS_BYTES(out, literal, name) \
	is_bytes(out, literal, sizeof(literal) - 1, name)

static void
test_attributes(struct buf *out)
{
	struct json_span value;

	otel_text(out, OTEL_SPAN_ATTRIBUTE, "k", "v");
	IS_BYTES(out,
	    "\x4a\x08\x0a\x01k\x12\x03\x0a\x01"
	    "v",
	    "a text");
	otel_text(out, OTEL_SPAN_ATTRIBUTE, "k", NULL);
	IS_BYTES(out, "", "no text: no attribute");
	otel_text(out, OTEL_SPAN_ATTRIBUTE, "k", "\xed\xa0\x80");
	IS_BYTES(out, "\x4a\x0a\x0a\x01k\x12\x05\x0a\x03\xef\xbf\xbd",
	    "a lone surrogate, which is no UTF-8");
	jsonscan_whole("[1, \"\\ud800\"]", 13, &value);
	otel_json(out, OTEL_SPAN_ATTRIBUTE, "k", &value);
	IS_BYTES(
	    out, "\x4a\x13\x0a\x01k\x12\x0e\x0a\x0c[1,\"\\ufffd\"]", "JSON");
	otel_int(out, OTEL_RESOURCE_ATTRIBUTE, "k", 150);
	IS_BYTES(out, "\x0a\x08\x0a\x01k\x12\x03\x18\x96\x01", "an integer");
	otel_double(out, OTEL_SPAN_ATTRIBUTE, "k", 1.0);
	IS_BYTES(out,
	    "\x4a\x0e\x0a\x01k\x12\x09\x21\x00\x00\x00\x00\x00\x00\xf0\x3f",
	    "a double");
	otel_bool(out, OTEL_LOG_ATTRIBUTE, "k", true);
	IS_BYTES(out, "\x32\x07\x0a\x01k\x12\x02\x10\x01", "a truth");
}

static void
test_request(struct buf *out)
{
	static const unsigned char trace[] = "0123456789abcdef";
	const struct otel_span span = {.trace_id = trace,
	    .span_id = trace + 8,
	    .parent = trace,
	    .name = "n",
	    .kind = OTEL_CLIENT,
	    .start_ns = 1,
	    .end_ns = 258};
	struct otel_frame frame;
	size_t at;

	otel_begin(out, &frame);
	otel_scope(out, &frame);
	at = otel_span_begin(out, &span);
	otel_span_end(out, at, OTEL_STATUS_ERROR, "m");
	otel_end(out, &frame);
	IS_BYTES(out,
	    "\x0a\x54" /* ResourceSpans */
	    "\x0a\x00" /* an empty resource */
	    "\x12\x50" /* ScopeSpans */
	    "\x0a\x08\x0a\x06itrack"
	    "\x12\x44" /* Span */
	    "\x0a\x10"
	    "0123456789abcdef"
	    "\x12\x08"
	    "89abcdef"
	    "\x22\x08"
	    "01234567"
	    "\x2a\x01n"
	    "\x30\x03"
	    "\x39\x01\x00\x00\x00\x00\x00\x00\x00"
	    "\x41\x02\x01\x00\x00\x00\x00\x00\x00"
	    "\x7a\x05\x12\x01m\x18\x02",
	    "a request with one span");
}

static void
test_ids(void)
{
	struct otel_ids a, b, c, d;

	otel_ids_make(&a, "attempt", 7);
	otel_ids_make(&b, "attempt", 7);
	otel_ids_make(&c, "attempt", 8);
	otel_ids_make(&d, "another", 7);
	is_text(a.trace_hex, b.trace_hex, "the same record, the same trace");
	is_text(a.span_hex, b.span_hex, "and span");
	ok(strcmp(a.trace_hex, c.trace_hex) != 0 &&
		strcmp(a.span_hex, c.span_hex) != 0,
	    "another record has others");
	ok(strcmp(a.trace_hex, d.trace_hex) != 0, "another attempt, too");
	ok(strlen(a.trace_hex) == 32 && strlen(a.span_hex) == 16,
	    "in hexadecimal digits");
}

int
main(void)
{
	struct buf out;

	buf_init(&out, BYTES);
	test_attributes(&out);
	test_request(&out);
	test_ids();
	buf_release(&out);
	return done_testing();
}
