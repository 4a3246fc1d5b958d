/* A record as MLflow's trace: what is sent of it, and what is not. */
#include <stdlib.h>
#include <string.h>

#include "foreign/json.h"
#include "tap.h"
#include "tracker/mlflow/trace.h"

#define BYTES 65536

static const char line[] =
    "{\"error\":\"CANARY\",\"error_type\":\"ValueError\","
    "\"example_id\":\"7\",\"input\":{\"question\":\"CANARY\","
    "\"reference_answer\":\"CANARY\"},\"model\":{\"model_id\":\"m-1\","
    "\"provider\":\"OpenAI\"},\"output\":\"CANARY\","
    "\"output_text\":\"CANARY\",\"probe\":{\"probe_id\":\"P\"},"
    "\"scores\":{\"f1\":0.5,\"nan\":NaN,\"note\":\"CANARY\",\"ok\":true},"
    "\"status\":\"timeout\","
    "\"usage\":{\"prompt_tokens\":53,\"completion_tokens\":48}}";

static bool
has(const struct buf *b, const char *text)
{
	return memmem(b->data, b->len, text, strlen(text)) != NULL;
}

static void
get(struct row *row, bool text)
{
	row_decode(row, line, strlen(line), text);
	memcpy(row->trace_id, "0123456789abcdef", sizeof row->trace_id);
	memcpy(row->span_id, "01234567", sizeof row->span_id);
	row->start_us = INT64_C(1795765981618634);
	row->end_us = row->start_us + 1500000;
}

static void
add(struct buf *out, bool text)
{
	struct otel_frame frame;
	struct row row;

	get(&row, text);
	mlflow_traces_begin(out, &frame);
	mlflow_trace_add(out, &row);
	otel_end(out, &frame);
	row_release(&row);
}

static void
test_spans(void)
{
	struct buf out;

	buf_init(&out, BYTES);
	add(&out, false);
	ok(!has(&out, "CANARY"), "without text: no prompt, answer or message");
	ok(has(&out, "{\"sha256\":\""), "but the digest of the input");
	ok(has(&out, "ValueError") && has(&out, "m-1") &&
		has(&out, "gen_ai.usage.input_tokens"),
	    "and kind of error, model, tokens");
	buf_reset(&out);
	add(&out, true);
	ok(has(&out, "{\"question\":\"CANARY\"}"),
	    "with text: the input, without the reference answer");
	buf_release(&out);
}

static void
test_info(void)
{
	struct buf json;
	struct row row;
	cJSON *doc;

	buf_init(&json, BYTES);
	get(&row, false);
	ok(mlflow_trace_has_info(&row), "scores are sent behind the span");
	mlflow_trace_info(&json, &row, "3", "r7");
	row_release(&row);
	ok(!has(&json, "CANARY"), "without text: no text there either");
	json_document(json.data, json.len, &doc, NULL);
	is_text(json_at_text(doc, "trace.trace_info.trace_id"),
	    "tr-30313233343536373839616263646566", "the trace's ID");
	is_text(json_at_text(doc, "trace.trace_info.request_time"),
	    "2026-11-27T07:53:01.618Z", "its time");
	is_text(json_at_text(doc, "trace.trace_info.execution_duration"),
	    "1.500000000s", "its duration");
	is_text(json_at_text(doc, "trace.trace_info.state"), "ERROR",
	    "a timeout is an error");
	ok(cJSON_GetArraySize(json_at(doc, "trace.trace_info.assessments")) ==
		2,
	    "NaN and texts are left out");
	is_text(
	    json_at_text(doc, "trace.trace_info.assessments.0.assessment_name"),
	    "f1", "a score");
	cJSON_Delete(doc);
	buf_reset(&json);
	get(&row, true);
	mlflow_trace_info(&json, &row, "3", "r7");
	row_release(&row);
	json_document(json.data, json.len, &doc, NULL);
	is_text(json_at_text(
		    doc, "trace.trace_info.assessments.3.expectation.value"),
	    "CANARY", "with text: the reference answer, behind all scores");
	cJSON_Delete(doc);
	buf_release(&json);
}

/* Any text may be a score's name. */
static void
test_ids(void)
{
	static const char odd[] =
	    "{\"input\":{\"q\":1,\"reference\":\"r\"},\"scores\":{\"\":1,"
	    "\"expected_response\":2,\"expected\":3}}";
	char *ids[4] = {NULL};
	struct buf json;
	struct row row;
	cJSON *doc;
	int same = 0;

	buf_init(&json, BYTES);
	row_decode(&row, odd, strlen(odd), true);
	mlflow_trace_info(&json, &row, "3", "r7");
	row_release(&row);
	json_document(json.data, json.len, &doc, NULL);
	for (int i = 0; i < 4; i++) {
		char at[] = "trace.trace_info.assessments.0.assessment_id";

		*strchr(at, '0') = (char)('0' + i);
		ids[i] = json_at_text_new(doc, at);
		for (int k = 0; k < i; k++)
			same += ids[i] == NULL || ids[k] == NULL ||
			    strcmp(ids[i], ids[k]) == 0;
	}
	is_int(same, 0, "three scores and the reference have an ID each");
	for (int i = 0; i < 4; i++)
		free(ids[i]);
	cJSON_Delete(doc);
	buf_release(&json);
}

static void
test_bare_record(void)
{
	struct row row;

	row_decode(&row, "{}", 2, true);
	ok(!mlflow_trace_has_info(&row), "a record without scores is a span");
	row_release(&row);
}

static void
test_deep(void)
{
	struct buf line_text, out;
	struct row row;

	buf_init(&line_text, BYTES);
	buf_adds(&line_text, "{\"input\":{\"q\":\"a\\\"[[\",\"deep\":");
	for (int i = 0; i < 40; i++)
		buf_adds(&line_text, "{\"d\":");
	buf_adds(&line_text, "1");
	for (int i = 0; i < 40; i++)
		buf_adds(&line_text, "}");
	buf_adds(&line_text, "},\"output\":{\"o\":[\"[[[\"]}}");
	ok(row_decode(&row, line_text.data, line_text.len, true), "a record");
	buf_init(&out, BYTES);
	mlflow_trace_add(&out, &row);
	ok(has(&out,
	       "\"{\\\"q\\\":\\\"a\\\\\\\"[[\\\",\\\"deep\\\":{\\\"d\\\":"),
	    "what MLflow could not show goes as a text");
	ok(has(&out, "{\"o\":[\"[[[\"]}"), "the other as it is");
	row_release(&row);
	buf_release(&out);
	buf_release(&line_text);
}

int
main(void)
{
	test_spans();
	test_info();
	test_ids();
	test_bare_record();
	test_deep();
	return done_testing();
}
