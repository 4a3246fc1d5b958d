/*
 * Numbers and times. Of the input the first eight bytes are a double and an
 * integer, all of it is a time, a number of JSON, a number on the command line
 * and an HTTP Retry-After.
 */
#include <errno.h>
#include <math.h>

#include "format/isotime.h"
#include "format/jsonwrite.h"
#include "format/number.h"
#include "http/http.h"
#include "tests/fuzz/fuzz.h"

/* From 0001-01-01 with an offset of a day to 9999-12-31, the same. */
#define FIRST_US INT64_C(-62135683200000000)
#define LAST_US  INT64_C(253402387200000000)

static void
check_double(double value)
{
	char text[PYFLOAT_SIZE];
	struct json_span span;
	double again;
	int len = pyfloat_repr(text, value);

	expect(len > 0 && len < PYFLOAT_SIZE && text[len] == '\0');
	if (!isfinite(value))
		return;
	expect(jsonscan_whole(text, (size_t)len, &span) == 0);
	expect(span.type == JSON_DOUBLE && json_double(&span, &again) == 0);
	expect(memcmp(&value, &again, sizeof value) == 0);
}

static void
check_integer(int64_t value)
{
	struct json_span span;
	struct jsonwrite w;
	struct buf text;
	int64_t again;

	buf_init(&text, 64);
	jsonwrite_init(&w, &text, JSONWRITE_COMPACT);
	jsonwrite_int(&w, value);
	expect(jsonscan_whole(text.data, text.len, &span) == 0);
	expect(json_int64(&span, &again) == 0 && again == value);
	buf_release(&text);
}

static void
check_text(const char *text, size_t len)
{
	int64_t us, ms;
	struct json_span span;
	double number;

	if (isotime_parse(text, len, &us) == 0)
		expect(us >= FIRST_US && us <= LAST_US);
	ms = http_retry_after_ms(text, 1700000000);
	expect(ms >= 0 && ms <= 3600000);
	if (jsonscan_whole(text, len, &span) == 0 &&
	    json_double(&span, &number) == 0)
		check_double(number);
	if (number_parse(text, &number)) {
		expect(len == strlen(text) && len > 0);
		expect(
		    text[strspn(text, "+-.0123456789eEinfatyINFATY")] == '\0');
		check_double(number);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xcalloc(size + 1, 1);
	int64_t integer = 0;
	double value = 0;

	memcpy(text, data, size);
	memcpy(&value, text, size < sizeof value ? size : sizeof value);
	memcpy(&integer, text, size < sizeof integer ? size : sizeof integer);
	check_double(value);
	check_integer(integer);
	check_text(text, strlen(text));
	free(text);
	return 0;
}
