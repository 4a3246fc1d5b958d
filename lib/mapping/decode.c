#include "mapping/decode.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "format/text.h"

/* Where the value of `key` is stored; NULL: nowhere. */
static struct json_span *
place(struct record *record, const struct json_span *key)
{
	if (json_is(key, "completed_at"))
		return &record->completed_at;
	if (json_is(key, "error_type"))
		return &record->error_type;
	if (json_is(key, "latency_ms"))
		return &record->latency_ms;
	if (json_is(key, "model"))
		return &record->model;
	if (json_is(key, "probe"))
		return &record->probe;
	if (json_is(key, "run_id"))
		return &record->run_id;
	if (json_is(key, "schema_version"))
		return &record->schema_version;
	if (json_is(key, "scores"))
		return &record->scores;
	if (json_is(key, "started_at"))
		return &record->started_at;
	if (json_is(key, "status"))
		return &record->status;
	if (json_is(key, "usage"))
		return &record->usage;
	return NULL;
}

/* Reads the value of custom: a later custom replaces an earlier one
 * completely. */
static int
read_custom(struct jsonscan *s, struct record *record)
{
	struct json_span key, value;
	int r, more;

	record->harness = (struct json_span){.type = JSON_NONE};
	r = jsonscan_enter(s, '{');
	if (r < 0)
		return jsonscan_value(s, NULL);
	while ((more = jsonscan_member(s, &key)) > 0) {
		if (!json_is(&key, "harness"))
			continue;
		r = jsonscan_value(s, &value);
		if (r < 0)
			return r;
		record->harness = value;
		if (value.type != JSON_OBJECT)
			record->harness.type = JSON_NONE;
	}
	return more;
}

static int
read_record(struct jsonscan *s, struct record *record)
{
	struct json_span key, *value;
	int r = 0, more;

	r = jsonscan_enter(s, '{');
	if (r < 0)
		return r;
	while ((more = jsonscan_member(s, &key)) > 0) {
		value = place(record, &key);
		if (value != NULL)
			r = jsonscan_value(s, value);
		else if (json_is(&key, "custom"))
			r = read_custom(s, record);
		if (r < 0)
			return r;
	}
	return more < 0 ? more : jsonscan_end(s);
}

/* Does Python's str.strip() remove this character? */
static bool
is_space(uint32_t c)
{
	switch (c) {
	case 0x20:
	case 0x85:
	case 0xA0:
	case 0x1680:
	case 0x2028:
	case 0x2029:
	case 0x202F:
	case 0x205F:
	case 0x3000:
		return true;
	default:
		return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x1F) ||
		    (c >= 0x2000 && c <= 0x200A);
	}
}

static bool
is_blank(const char *line, size_t len)
{
	const char *p = line, *end = line + len;

	while (p < end)
		if (!is_space(text_next_in_bytes(&p, end)))
			return false;
	return true;
}

enum decoded
decode_line(struct record *record, const char *line, size_t len)
{
	struct jsonscan s;

	memset(record, 0, sizeof *record);
	jsonscan_init(&s, line, len);
	if (read_record(&s, record) == 0)
		return DECODED_RECORD;
	return is_blank(line, len) ? DECODED_BLANK : DECODED_MALFORMED;
}
