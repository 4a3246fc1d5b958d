#include "tracker/common/otel.h"

#include <endian.h>
#include <sha2.h>
#include <stdio.h>
#include <string.h>

#include "format/jsonwrite.h"
#include "format/pb.h"
#include "format/text.h"

/* Field numbers of the messages (opentelemetry/proto/...). */
enum {
	REQUEST_PARTS = 1, /* ResourceSpans, ResourceMetrics, ResourceLogs */
	PART_RESOURCE = 1,
	PART_SCOPED = 2,
	SCOPED_SCOPE = 1,
	SCOPE_NAME = 1,
	SPAN_TRACE_ID = 1,
	SPAN_ID = 2,
	SPAN_PARENT = 4,
	SPAN_NAME = 5,
	SPAN_KIND = 6,
	SPAN_START = 7,
	SPAN_END = 8,
	SPAN_STATUS = 15,
	STATUS_MESSAGE = 2,
	STATUS_CODE = 3,
	KEYVALUE_KEY = 1,
	KEYVALUE_VALUE = 2,
	ANY_TEXT = 1,
	ANY_BOOL = 2,
	ANY_INT = 3,
	ANY_DOUBLE = 4,
};

static void
put_hex(char *out, const unsigned char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

void
otel_ids_make(struct otel_ids *ids, const char *attempt, int64_t item)
{
	unsigned char digest[SHA256_DIGEST_LENGTH];
	uint64_t number = htole64((uint64_t)item);
	SHA2_CTX sha;

	SHA256Init(&sha);
	SHA256Update(&sha, (const uint8_t *)attempt, strlen(attempt) + 1);
	SHA256Update(&sha, (const uint8_t *)&number, sizeof number);
	SHA256Final(digest, &sha);
	memcpy(ids->trace, digest, sizeof ids->trace);
	memcpy(ids->span, digest + sizeof ids->trace, sizeof ids->span);
	/* IDs of zeros alone are not valid. */
	ids->trace[0] |= 1;
	ids->span[0] |= 1;
	put_hex(ids->trace_hex, ids->trace, sizeof ids->trace);
	put_hex(ids->span_hex, ids->span, sizeof ids->span);
}

void
otel_begin(struct buf *out, struct otel_frame *frame)
{
	frame->resource = pb_begin(out, REQUEST_PARTS);
	frame->part = pb_begin(out, PART_RESOURCE);
}

void
otel_scope(struct buf *out, struct otel_frame *frame)
{
	size_t scope;

	pb_end(out, frame->part);
	frame->part = pb_begin(out, PART_SCOPED);
	scope = pb_begin(out, SCOPED_SCOPE);
	pb_text(out, SCOPE_NAME, "itrack");
	pb_end(out, scope);
}

void
otel_end(struct buf *out, struct otel_frame *frame)
{
	pb_end(out, frame->part);
	pb_end(out, frame->resource);
}

static void
put_text(struct buf *out, uint32_t field, const char *text)
{
	size_t begin = pb_begin(out, field);

	text_to_utf8(out, text);
	pb_end(out, begin);
}

struct pair {
	size_t attribute, value;
};

static struct pair
begin_pair(struct buf *out, uint32_t field, const char *key)
{
	struct pair pair = {.attribute = pb_begin(out, field)};

	put_text(out, KEYVALUE_KEY, key);
	pair.value = pb_begin(out, KEYVALUE_VALUE);
	return pair;
}

static void
end_pair(struct buf *out, struct pair pair)
{
	pb_end(out, pair.value);
	pb_end(out, pair.attribute);
}

void
otel_text(struct buf *out, uint32_t field, const char *key, const char *text)
{
	struct pair pair;

	if (text == NULL)
		return;
	pair = begin_pair(out, field, key);
	put_text(out, ANY_TEXT, text);
	end_pair(out, pair);
}

void
otel_json(struct buf *out, uint32_t field, const char *key,
    const struct json_span *value)
{
	struct pair pair = begin_pair(out, field, key);
	size_t begin = pb_begin(out, ANY_TEXT);
	struct jsonwrite w;

	jsonwrite_init(&w, out, JSONWRITE_COMPACT);
	jsonwrite_span(&w, value);
	jsonwrite_clean(out->data + begin, out->len - begin);
	pb_end(out, begin);
	end_pair(out, pair);
}

void
otel_int(struct buf *out, uint32_t field, const char *key, int64_t value)
{
	struct pair pair = begin_pair(out, field, key);

	pb_varint(out, ANY_INT, (uint64_t)value);
	end_pair(out, pair);
}

void
otel_double(struct buf *out, uint32_t field, const char *key, double value)
{
	struct pair pair = begin_pair(out, field, key);

	pb_double(out, ANY_DOUBLE, value);
	end_pair(out, pair);
}

void
otel_bool(struct buf *out, uint32_t field, const char *key, bool value)
{
	struct pair pair = begin_pair(out, field, key);

	pb_varint(out, ANY_BOOL, value);
	end_pair(out, pair);
}

size_t
otel_span_begin(struct buf *out, const struct otel_span *span)
{
	size_t begin = pb_begin(out, OTEL_ITEM);

	pb_bytes(out, SPAN_TRACE_ID, span->trace_id, OTEL_TRACE_ID_LEN);
	pb_bytes(out, SPAN_ID, span->span_id, OTEL_SPAN_ID_LEN);
	if (span->parent != NULL)
		pb_bytes(out, SPAN_PARENT, span->parent, OTEL_SPAN_ID_LEN);
	put_text(out, SPAN_NAME, span->name);
	pb_varint(out, SPAN_KIND, (uint64_t)span->kind);
	pb_fixed64(out, SPAN_START, (uint64_t)span->start_ns);
	pb_fixed64(out, SPAN_END, (uint64_t)span->end_ns);
	return begin;
}

void
otel_span_end(
    struct buf *out, size_t begin, enum otel_status status, const char *message)
{
	size_t at = pb_begin(out, SPAN_STATUS);

	if (message != NULL)
		put_text(out, STATUS_MESSAGE, message);
	pb_varint(out, STATUS_CODE, (uint64_t)status);
	pb_end(out, at);
	pb_end(out, begin);
}
