/*
 * What OpenTelemetry's messages have in common, for trackers that speak OTLP:
 * the frame of a request, attributes, spans. Written with format/pb.h; field
 * numbers are those of opentelemetry-proto 1.x.
 *
 *	otel_begin(&out, &frame);
 *	otel_text(&out, OTEL_RESOURCE_ATTRIBUTE, "service.name", "insidellms");
 *	otel_scope(&out, &frame);
 *	at = otel_span_begin(&out, &span);
 *	otel_int(&out, OTEL_SPAN_ATTRIBUTE, "gen_ai.usage.input_tokens", 53);
 *	otel_span_end(&out, at, OTEL_STATUS_OK, NULL);
 *	otel_end(&out, &frame);
 *
 * Texts are in the form of format/text.h and become UTF-8: a decoder refuses the
 * whole request for one that is not. Overflow is the buffer's (buf_overflowed).
 */
#ifndef TRACKER_COMMON_OTEL_H
#define TRACKER_COMMON_OTEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "format/jsonscan.h"

#define OTEL_TRACE_ID_LEN 16
#define OTEL_SPAN_ID_LEN  8
/* Hexadecimal digits of both, and a NUL. */
#define OTEL_TRACE_HEX_SIZE (2 * OTEL_TRACE_ID_LEN + 1)
#define OTEL_SPAN_HEX_SIZE  (2 * OTEL_SPAN_ID_LEN + 1)

/* Fields in which attributes stand, for the functions below. */
enum {
	OTEL_RESOURCE_ATTRIBUTE = 1,
	OTEL_LOG_ATTRIBUTE = 6,
	OTEL_POINT_ATTRIBUTE = 7,
	OTEL_SPAN_ATTRIBUTE = 9,
};
/* Spans, metrics and log records stand in this field of their scope. */
#define OTEL_ITEM 2

/* IDs that anybody makes of the same attempt and record alike, so that what is
 * sent again is the same trace. `item` is the record's number from 0, or
 * negative for others of the attempt's own. */
struct otel_ids {
	unsigned char trace[OTEL_TRACE_ID_LEN];
	unsigned char span[OTEL_SPAN_ID_LEN];
	char trace_hex[OTEL_TRACE_HEX_SIZE];
	char span_hex[OTEL_SPAN_HEX_SIZE];
};
void otel_ids_make(struct otel_ids *ids, const char *attempt, int64_t item);

/* The frame of ExportTraceServiceRequest, ExportMetricsServiceRequest and
 * ExportLogsServiceRequest alike: one resource, one scope (itrack). */
struct otel_frame {
	size_t resource, part;
};
void otel_begin(struct buf *out, struct otel_frame *frame);
/* The resource's attributes are complete; items follow. */
void otel_scope(struct buf *out, struct otel_frame *frame);
void otel_end(struct buf *out, struct otel_frame *frame);

/* An attribute; a text of NULL is none. Keys and texts (format/text.h) become valid
 * UTF-8 here, as do names and messages of spans. */
void otel_text(
    struct buf *out, uint32_t field, const char *key, const char *text);
/* A JSON value, as a text of JSON. */
void otel_json(struct buf *out, uint32_t field, const char *key,
    const struct json_span *value);
void otel_int(struct buf *out, uint32_t field, const char *key, int64_t value);
void otel_double(
    struct buf *out, uint32_t field, const char *key, double value);
void otel_bool(struct buf *out, uint32_t field, const char *key, bool value);

enum otel_kind { OTEL_INTERNAL = 1, OTEL_CLIENT = 3 };
enum otel_status { OTEL_STATUS_UNSET, OTEL_STATUS_OK, OTEL_STATUS_ERROR };

struct otel_span {
	const unsigned char *trace_id, *span_id;
	const unsigned char *parent; /* NULL: it is a root */
	const char *name;
	enum otel_kind kind;
	int64_t start_ns, end_ns;
};
/* Attributes and events follow. Returns what otel_span_end() wants. */
size_t otel_span_begin(struct buf *out, const struct otel_span *span);
void otel_span_end(struct buf *out, size_t begin, enum otel_status status,
    const char *message);

#endif
