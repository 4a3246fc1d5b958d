/* Records as spans of model calls, and their scores as events, in OpenTelemetry's
 * names for generative AI. What was asked and answered goes along only where the
 * row has it, which is where the user asked for it. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "format/jsonwrite.h"
#include "format/pb.h"
#include "format/text.h"
#include "tracker/otlp/private.h"

#define US_NS INT64_C(1000)
/* A row has 64 MiB at most; what is longer than a request is named. */
#define TEXT_MAX OTLP_BODY_MAX

/* Field numbers of LogRecord (opentelemetry/proto/logs/v1). */
enum {
	LOG_TIME = 1,
	LOG_SEVERITY = 2,
	LOG_TRACE_ID = 9,
	LOG_SPAN_ID = 10,
	LOG_OBSERVED = 11,
	LOG_EVENT_NAME = 12,
};
#define SEVERITY_INFO 9

/* insideLLMs writes providers as people do ("OpenAI"). */
static void
put_provider(struct buf *out, const char *provider)
{
	char *lower = provider != NULL ? xstrdup(provider) : NULL;

	for (char *p = lower; p != NULL && *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	otel_text(out, OTEL_SPAN_ATTRIBUTE, OTLP_PROVIDER, lower);
	free(lower);
}

/* A string's content; of another value its JSON. NULL: there is none. Allocated. */
static char *
text_of(const struct json_span *value)
{
	struct buf text;
	char *whole;

	if (value->type == JSON_NONE || value->type == JSON_NULL)
		return NULL;
	whole = json_text_new(value);
	if (whole != NULL)
		return whole;
	buf_init(&text, TEXT_MAX);
	buf_adds(&text, "");
	text_from_bytes(&text, value->start, value->len);
	return buf_steal(&text);
}

/* One message in the conventions' form, as JSON. */
static void
put_message(struct buf *out, const char *key, const char *role,
    const char *text, bool answer)
{
	struct buf json, utf8;
	struct jsonwrite w;

	buf_init(&json, TEXT_MAX);
	buf_init(&utf8, TEXT_MAX);
	buf_adds(&utf8, "");
	text_to_utf8(&utf8, text);
	jsonwrite_init(&w, &json, JSONWRITE_COMPACT);
	jsonwrite_open(&w, '[');
	jsonwrite_open(&w, '{');
	jsonwrite_text_member(&w, "role", role);
	jsonwrite_open_member(&w, "parts", '[');
	jsonwrite_open(&w, '{');
	jsonwrite_text_member(&w, "type", "text");
	jsonwrite_text_member(
	    &w, "content", utf8.data != NULL ? utf8.data : "");
	jsonwrite_close(&w, '}');
	jsonwrite_close(&w, ']');
	if (answer)
		jsonwrite_text_member(&w, "finish_reason", "stop");
	jsonwrite_close(&w, '}');
	jsonwrite_close(&w, ']');
	otel_text(out, OTEL_SPAN_ATTRIBUTE, key, json.data);
	buf_release(&json);
	buf_release(&utf8);
}

static void
put_said(struct buf *out, const struct row *row)
{
	const uint32_t field = OTEL_SPAN_ATTRIBUTE;
	char *input = text_of(&row->input);
	char *reference = text_of(&row->reference);
	char *output = row->output_text != NULL ? xstrdup(row->output_text)
						: text_of(&row->output);

	if (input != NULL || output != NULL)
		otel_text(out, field, OTLP_INFERENCE_KIND, "LLM");
	if (input != NULL) {
		put_message(out, OTLP_INPUT_MESSAGES, "user", input, false);
		otel_text(out, field, OTLP_INFERENCE_INPUT, input);
	}
	if (output != NULL) {
		put_message(
		    out, OTLP_OUTPUT_MESSAGES, "assistant", output, true);
		otel_text(out, field, OTLP_INFERENCE_OUTPUT, output);
	}
	otel_text(out, field, OTLP_REFERENCE, reference);
	free(input);
	free(output);
	free(reference);
}

static void
put_call(struct buf *out, const struct row *row)
{
	const uint32_t field = OTEL_SPAN_ATTRIBUTE;

	otel_text(out, field, OTLP_OPERATION, OTLP_CALL);
	put_provider(out, row->provider);
	otel_text(out, field, OTLP_REQUEST_MODEL, row->model_id);
	if (row->input_tokens != ROW_NO_TOKENS)
		otel_int(out, field, OTLP_INPUT_TOKENS, row->input_tokens);
	if (row->output_tokens != ROW_NO_TOKENS)
		otel_int(out, field, OTLP_OUTPUT_TOKENS, row->output_tokens);
	if (!row->success)
		otel_text(out, field, OTLP_ERROR_TYPE,
		    row->error_type != NULL ? row->error_type : row->status);
}

static void
put_record(struct buf *out, const struct row *row)
{
	const uint32_t field = OTEL_SPAN_ATTRIBUTE;

	otel_int(out, field, OTLP_RECORD, row->number);
	otel_text(out, field, OTLP_STATUS, row->status);
	otel_text(out, field, OTLP_RECORD_MODEL, row->model);
	otel_text(out, field, OTLP_RECORD_PROBE, row->probe);
	otel_text(out, field, OTLP_EXAMPLE_ID, row->example_id);
	otel_text(out, field, OTLP_STARTED_AT, row->started_at);
	otel_text(out, field, OTLP_COMPLETED_AT, row->completed_at);
	if (row->has_latency)
		otel_double(out, field, OTLP_LATENCY, row->latency_ms);
	otel_text(out, field, OTLP_INPUT_DIGEST, row->input_digest);
}

/* What went wrong, in the model's words only where texts go along. */
static const char *
failure_of(const struct row *row)
{
	return row->error != NULL     ? row->error
	    : row->error_type != NULL ? row->error_type
				      : row->status;
}

void
otlp_span_write(const struct otlp *o, const struct row *row, struct buf *out)
{
	const char *model = row->model_id != NULL ? row->model_id : row->model;
	char *name = xasprintf(OTLP_CALL " %s", model);
	const struct otel_span span = {
	    .trace_id = o->root.trace,
	    .span_id = row->span_id,
	    .parent = o->root.span,
	    .name = name,
	    .kind = OTEL_CLIENT,
	    .start_ns = row->start_us * US_NS,
	    .end_ns = row->end_us * US_NS,
	};
	size_t at = otel_span_begin(out, &span);

	put_call(out, row);
	put_record(out, row);
	put_said(out, row);
	otel_span_end(out, at,
	    row->success ? OTEL_STATUS_OK : OTEL_STATUS_ERROR,
	    row->success ? NULL : failure_of(row));
	free(name);
}

static void
put_score(struct buf *out, const struct row_score *score)
{
	const uint32_t field = OTEL_LOG_ATTRIBUTE;

	otel_text(out, field, OTLP_SCORE_NAME, score->name);
	switch (score->type) {
	case ROW_SCORE_NUMBER:
		otel_double(out, field, OTLP_SCORE_VALUE, score->number);
		break;
	case ROW_SCORE_BOOL:
		otel_double(out, field, OTLP_SCORE_VALUE, score->boolean);
		otel_text(out, field, OTLP_SCORE_LABEL,
		    score->boolean ? "true" : "false");
		break;
	case ROW_SCORE_TEXT:
		otel_text(out, field, OTLP_SCORE_LABEL, score->text);
		break;
	}
}

size_t
otlp_events_write(const struct otlp *o, const struct row *row, struct buf *out)
{
	for (size_t i = 0; i < row->score_len; i++) {
		size_t at = pb_begin(out, OTEL_ITEM);

		pb_fixed64(out, LOG_TIME, (uint64_t)(row->end_us * US_NS));
		pb_varint(out, LOG_SEVERITY, SEVERITY_INFO);
		put_score(out, &row->scores[i]);
		otel_int(out, OTEL_LOG_ATTRIBUTE, OTLP_RECORD, row->number);
		otel_text(
		    out, OTEL_LOG_ATTRIBUTE, OTLP_RECORD_MODEL, row->model);
		otel_text(
		    out, OTEL_LOG_ATTRIBUTE, OTLP_RECORD_PROBE, row->probe);
		pb_bytes(out, LOG_TRACE_ID, o->root.trace, OTEL_TRACE_ID_LEN);
		pb_bytes(out, LOG_SPAN_ID, row->span_id, OTEL_SPAN_ID_LEN);
		pb_fixed64(out, LOG_OBSERVED, (uint64_t)(row->end_us * US_NS));
		pb_text(out, LOG_EVENT_NAME, OTLP_SCORE_EVENT);
		pb_end(out, at);
	}
	return row->score_len;
}
