/*
 * The scanner and all that reads its spans. Beyond memory errors: the two ways
 * through a value agree, what was accepted can be written and read again, and
 * writing that again gives the same bytes.
 */
#include <math.h>

#include "format/isotime.h"
#include "format/jsonscan.h"
#include "format/jsonwrite.h"
#include "tests/drivers/rebuild.h"
#include "tests/fuzz/fuzz.h"

#define OUTPUT_MAX ((size_t)1 << 24)

static bool
write_again(const char *bytes, size_t len, struct buf *out)
{
	struct jsonscan s;
	struct jsonwrite w;

	jsonscan_init(&s, bytes, len);
	jsonwrite_init(&w, out, JSONWRITE_COMPACT);
	w.nonfinite = JSONWRITE_BARE;
	rebuild(&s, &w);
	expect(jsonscan_offset(&s) <= len);
	return jsonscan_end(&s) == 0;
}

static void
read_value(const struct json_span *value)
{
	struct json_span member;
	struct buf text;
	double number;
	int64_t integer, us;

	buf_init(&text, OUTPUT_MAX);
	expect(json_pystr(value, &text) == 0);
	expect(memchr(text.data, '\0', text.len) == NULL);
	isotime_parse(text.data, text.len, &us);
	if (json_int64(value, &integer) == 0) {
		expect(json_double(value, &number) == 0);
		expect(number == (double)integer);
		expect(json_truth(value) == (integer != 0));
	}
	json_is(value, "status");
	member = json_member(value, "a");
	if (member.type != JSON_NONE)
		expect(member.start >= value->start &&
		    member.start + member.len <= value->start + value->len);
	buf_release(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data;
	struct json_span value;
	struct jsonscan s;
	struct buf once, twice;
	bool good;

	jsonscan_init(&s, bytes, size);
	jsonscan_value(&s, &value);
	good = jsonscan_end(&s) == 0;
	buf_init(&once, OUTPUT_MAX);
	buf_init(&twice, OUTPUT_MAX);
	expect(write_again(bytes, size, &once) == good);
	if (good) {
		read_value(&value);
		expect(write_again(once.data, once.len, &twice));
		expect(once.len == twice.len &&
		    memcmp(once.data, twice.data, once.len) == 0);
	}
	buf_release(&once);
	buf_release(&twice);
	return 0;
}
