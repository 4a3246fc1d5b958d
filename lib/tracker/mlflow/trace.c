#include "tracker/mlflow/trace.h"

#include <inttypes.h>
#include <sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/hash.h"
#include "format/jsonwrite.h"
#include "tracker/mlflow/names.h"

/* MLflow shows so many characters of input and output in its list. */
#define PREVIEW_MAX 1000
/* So much of an error's message stands in the span. */
#define MESSAGE_MAX 8000
/* Of a tag of a trace. */
#define TAG_VALUE_MAX 8000
#define NAME_BYTES    4096
#define TEXT_BYTES    (64 * 1024)
#define PREVIEW_BYTES ((size_t)512 * 1024 * 1024)
/* "2026-11-27T07:00:00.123Z" and a duration of seconds with nanoseconds. */
#define TIME_SIZE 40
/* MLflow makes messages of protobuf of what it shows, up to three for a level, and
 * these read 100 in each other. */
#define DEPTH_MAX     24
#define US_PER_SECOND 1000000
/* A trace's ID, a hyphen, 16 digits: MLflow takes 50 characters. */
#define ID_SIZE 64
/* MLflow has a column of its own, "Expected output", for this name. */
#define EXPECTED "expected_response"

void
mlflow_traces_begin(struct buf *out, struct otel_frame *frame)
{
	otel_begin(out, frame);
	otel_scope(out, frame);
}

static bool
is_deep(const struct json_span *span)
{
	bool in_text = false;
	int depth = 0;

	for (size_t i = 0; i < span->len; i++) {
		char c = span->start[i];

		if (in_text && c == '\\')
			i++;
		else if (c == '"')
			in_text = !in_text;
		else if (!in_text && (c == '[' || c == '{') &&
		    ++depth > DEPTH_MAX)
			return true;
		else if (!in_text && (c == ']' || c == '}'))
			depth--;
	}
	return false;
}

/* A value that is nested too deep goes as a text: MLflow stores it, but fails to
 * show it. `own` has the text, and must stay as long as the span. */
static struct json_span
shallow(const struct json_span *span, struct buf *own)
{
	struct json_span text = *span;
	struct jsonwrite w;
	char *json;

	buf_init(own, PREVIEW_BYTES);
	if (span->type == JSON_NONE || !is_deep(span))
		return text;
	json = xstrndup(span->start, span->len);
	jsonwrite_init(&w, own, JSONWRITE_COMPACT);
	jsonwrite_text(&w, json);
	free(json);
	jsonscan_whole(own->data, own->len, &text);
	return text;
}

static void
put_json(struct buf *out, const char *key, const struct json_span *span)
{
	struct buf own;
	struct json_span text = shallow(span, &own);

	otel_json(out, OTEL_SPAN_ATTRIBUTE, key, &text);
	buf_release(&own);
}

/* The members of a record's input have no place without the user's word, but
 * equal inputs have equal digests, by which MLflow joins two runs. */
static void
put_inputs(struct buf *out, const struct row *row)
{
	char digest[sizeof "{\"sha256\":\"\"}" + ROW_DIGEST_SIZE];
	struct json_span span = row->input;

	if (span.type == JSON_NONE) {
		int len = snprintf(digest, sizeof digest, "{\"sha256\":\"%s\"}",
		    row->input_digest);

		jsonscan_whole(digest, (size_t)len, &span);
	}
	put_json(out, "mlflow.spanInputs", &span);
}

/* As JSON, because MLflow takes "4" for a number and 4 for a text else. */
static void
put_outputs(struct buf *out, const struct row *row)
{
	struct json_span text = json_member(&row->record, "output_text");

	if (row->output_text != NULL && text.type == JSON_STRING)
		otel_json(
		    out, OTEL_SPAN_ATTRIBUTE, "mlflow.spanOutputs", &text);
	else if (row->output.type != JSON_NONE && row->output.type != JSON_NULL)
		put_json(out, "mlflow.spanOutputs", &row->output);
}

static void
put_tag(struct buf *out, const char *name, const char *text)
{
	struct buf value;

	if (text == NULL)
		return;
	buf_init(&value, TEXT_BYTES);
	mlflow_text(&value, text, TAG_VALUE_MAX);
	otel_text(out, OTEL_SPAN_ATTRIBUTE, name, value.data);
	buf_release(&value);
}

static void
put_tags(struct buf *out, const struct row *row)
{
	put_tag(out, "mlflow.traceTag.model", row->model);
	put_tag(out, "mlflow.traceTag.probe", row->probe);
	put_tag(out, "mlflow.traceTag.example_id", row->example_id);
	put_tag(out, "mlflow.traceTag.status", row->status);
	put_tag(out, "mlflow.traceTag.error_type", row->error_type);
}

/* MLflow makes the cost of model and tokens. */
static void
put_call(struct buf *out, const struct row *row)
{
	const uint32_t field = OTEL_SPAN_ATTRIBUTE;

	otel_text(out, field, "mlflow.spanType", "LLM");
	otel_text(out, field, "gen_ai.operation.name", "chat");
	otel_text(out, field, "gen_ai.request.model", row->model_id);
	otel_text(out, field, "gen_ai.provider.name", row->provider);
	if (row->input_tokens != ROW_NO_TOKENS)
		otel_int(
		    out, field, "gen_ai.usage.input_tokens", row->input_tokens);
	if (row->output_tokens != ROW_NO_TOKENS)
		otel_int(out, field, "gen_ai.usage.output_tokens",
		    row->output_tokens);
	if (row->has_latency)
		otel_double(
		    out, field, "insidellms.latency_ms", row->latency_ms);
	otel_int(out, field, "insidellms.record", row->number);
	otel_text(out, field, "insidellms.started_at", row->started_at);
	otel_text(out, field, "insidellms.completed_at", row->completed_at);
	otel_text(out, field, "insidellms.error_type", row->error_type);
}

void
mlflow_trace_add(struct buf *out, const struct row *row)
{
	const struct otel_span span = {
	    .trace_id = row->trace_id,
	    .span_id = row->span_id,
	    .name = row->probe,
	    .kind = OTEL_CLIENT,
	    .start_ns = row->start_us * 1000,
	    .end_ns = row->end_us * 1000,
	};
	size_t begin = otel_span_begin(out, &span);
	struct buf message;

	put_inputs(out, row);
	put_outputs(out, row);
	put_call(out, row);
	put_tags(out, row);
	if (row->success) {
		otel_span_end(out, begin, OTEL_STATUS_OK, NULL);
		return;
	}
	buf_init(&message, TEXT_BYTES);
	mlflow_text(&message,
	    row->error != NULL            ? row->error
		: row->error_type != NULL ? row->error_type
					  : row->status,
	    MESSAGE_MAX);
	otel_span_end(out, begin, OTEL_STATUS_ERROR, message.data);
	buf_release(&message);
}

bool
mlflow_trace_has_info(const struct row *row)
{
	return row->score_len > 0 || row->reference.type != JSON_NONE;
}

static void
put_time(struct jsonwrite *w, const char *key, int64_t us)
{
	char compact[CLOCK_COMPACT_SIZE], text[TIME_SIZE];
	int64_t time_us = clock_clamp_us(us);
	int ms = (int)((time_us % US_PER_SECOND + US_PER_SECOND) %
	    US_PER_SECOND / 1000);

	clock_compact(compact, time_us);
	snprintf(text, sizeof text, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2s.%03dZ",
	    compact, compact + 4, compact + 6, compact + 9, compact + 11,
	    compact + 13, ms);
	jsonwrite_text_member(w, key, text);
}

static void
put_duration(struct jsonwrite *w, int64_t us)
{
	char text[TIME_SIZE];

	snprintf(text, sizeof text, "%jd.%06jd000s",
	    (intmax_t)(us / US_PER_SECOND), (intmax_t)(us % US_PER_SECOND));
	jsonwrite_text_member(w, "execution_duration", text);
}

struct info {
	struct jsonwrite *w;
	const struct row *row;
	const char *run_id;
	char trace_id[sizeof "tr-" + 2 * ROW_TRACE_ID_BYTES];
	char span_id[1 + 2 * ROW_SPAN_ID_BYTES];
};

static void
put_hex(char *text, const unsigned char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
}

/* Opens an assessment; its value follows. `score`: the score's own name, by which
 * it is told from the record's others; NULL: it is the reference answer. */
static void
begin_assessment(const struct info *info, const char *score, const char *name)
{
	struct jsonwrite *w = info->w;
	char id[ID_SIZE];

	if (score != NULL)
		snprintf(id, sizeof id, "%s-%016" PRIx64, info->trace_id + 3,
		    hash_bytes(score, strlen(score)));
	else
		snprintf(id, sizeof id, "%s-expected", info->trace_id + 3);
	jsonwrite_open(w, '{');
	jsonwrite_text_member(w, "assessment_id", id);
	jsonwrite_text_member(w, "assessment_name", name);
	jsonwrite_text_member(w, "trace_id", info->trace_id);
	jsonwrite_text_member(w, "span_id", info->span_id);
	jsonwrite_open_member(w, "source", '{');
	jsonwrite_text_member(w, "source_type", "CODE");
	jsonwrite_text_member(w, "source_id", info->row->probe);
	jsonwrite_close(w, '}');
	put_time(w, "create_time", info->row->end_us);
	put_time(w, "last_update_time", info->row->end_us);
	jsonwrite_bool_member(w, "valid", true);
	jsonwrite_open_member(w, "metadata", '{');
	jsonwrite_text_member(w, "mlflow.assessment.sourceRunId", info->run_id);
	jsonwrite_close(w, '}');
	jsonwrite_open_member(
	    w, score != NULL ? "feedback" : "expectation", '{');
	jsonwrite_key(w, "value");
}

static void
end_assessment(const struct info *info)
{
	jsonwrite_close(info->w, '}');
	jsonwrite_close(info->w, '}');
}

/* A score has the name here that its mean has among the metrics. */
static void
put_score(const struct info *info, const struct row_score *score)
{
	struct buf name;

	buf_init(&name, NAME_BYTES);
	mlflow_key(&name, "", score->name);
	begin_assessment(info, score->name, name.data);
	buf_release(&name);
	switch (score->type) {
	case ROW_SCORE_NUMBER:
		jsonwrite_double(info->w, score->number);
		break;
	case ROW_SCORE_BOOL:
		jsonwrite_bool(info->w, score->boolean);
		break;
	case ROW_SCORE_TEXT:
		jsonwrite_text(info->w, score->text);
		break;
	}
	end_assessment(info);
}

static void
put_assessments(const struct info *info)
{
	struct buf own;
	struct json_span reference = shallow(&info->row->reference, &own);

	jsonwrite_open_member(info->w, "assessments", '[');
	for (size_t i = 0; i < info->row->score_len; i++)
		put_score(info, &info->row->scores[i]);
	if (info->row->reference.type != JSON_NONE) {
		begin_assessment(info, NULL, EXPECTED);
		jsonwrite_span(info->w, &reference);
		end_assessment(info);
	}
	jsonwrite_close(info->w, ']');
	buf_release(&own);
}

/* The beginning of a value, as MLflow shows it in the list. */
static void
put_preview(struct jsonwrite *w, const char *key, const struct json_span *value)
{
	struct buf json, text;
	char *whole;

	if (value->type == JSON_NONE || value->type == JSON_NULL)
		return;
	whole = json_text_new(value);
	buf_init(&json, PREVIEW_BYTES);
	if (whole == NULL)
		buf_add(&json, value->start, value->len);
	buf_init(&text, TEXT_BYTES);
	mlflow_text(&text, whole != NULL ? whole : json.data, PREVIEW_MAX);
	jsonwrite_text_member(w, key, text.data);
	buf_release(&text);
	buf_release(&json);
	free(whole);
}

static void
put_place(struct jsonwrite *w, const char *experiment_id, const char *run_id)
{
	jsonwrite_open_member(w, "trace_location", '{');
	jsonwrite_text_member(w, "type", "MLFLOW_EXPERIMENT");
	jsonwrite_open_member(w, "mlflow_experiment", '{');
	jsonwrite_text_member(w, "experiment_id", experiment_id);
	jsonwrite_close(w, '}');
	jsonwrite_close(w, '}');
	jsonwrite_open_member(w, "trace_metadata", '{');
	jsonwrite_text_member(w, "mlflow.sourceRun", run_id);
	jsonwrite_text_member(w, "mlflow.trace_schema.version", "3");
	jsonwrite_close(w, '}');
}

void
mlflow_trace_info(struct buf *json, const struct row *row,
    const char *experiment_id, const char *run_id)
{
	struct jsonwrite w;
	struct info info = {.w = &w, .row = row, .run_id = run_id};
	struct json_span text = json_member(&row->record, "output_text");
	size_t begin = json->len;

	memcpy(info.trace_id, "tr-", sizeof "tr-");
	put_hex(info.trace_id + 3, row->trace_id, ROW_TRACE_ID_BYTES);
	put_hex(info.span_id, row->span_id, ROW_SPAN_ID_BYTES);
	jsonwrite_init(&w, json, JSONWRITE_COMPACT);
	jsonwrite_open(&w, '{');
	jsonwrite_open_member(&w, "trace", '{');
	jsonwrite_open_member(&w, "trace_info", '{');
	jsonwrite_text_member(&w, "trace_id", info.trace_id);
	put_place(&w, experiment_id, run_id);
	put_time(&w, "request_time", row->start_us);
	put_duration(&w, row->end_us - row->start_us);
	jsonwrite_text_member(&w, "state", row->success ? "OK" : "ERROR");
	put_preview(&w, "request_preview", &row->input);
	put_preview(&w, "response_preview",
	    row->output_text != NULL && text.type == JSON_STRING
		? &text
		: &row->output);
	jsonwrite_open_member(&w, "tags", '{');
	jsonwrite_text_member(&w, "mlflow.traceName", row->probe);
	jsonwrite_text_member(
	    &w, "mlflow.trace.spansLocation", "TRACKING_STORE");
	jsonwrite_close(&w, '}');
	put_assessments(&info);
	jsonwrite_close(&w, '}');
	jsonwrite_close(&w, '}');
	jsonwrite_close(&w, '}');
	jsonwrite_clean(json->data + begin, json->len - begin);
}

void
mlflow_trace_ids(struct row *row, const char *run_id)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	SHA2_CTX sha;

	SHA256Init(&sha);
	SHA256Update(&sha, row->trace_id, sizeof row->trace_id);
	SHA256Update(&sha, row->span_id, sizeof row->span_id);
	SHA256Update(&sha, (const uint8_t *)run_id, strlen(run_id));
	SHA256Final(digest, &sha);
	row_set_ids(row, digest);
}
