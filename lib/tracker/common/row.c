#include "tracker/common/row.h"

#include <math.h>
#include <sha2.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "format/jsonwrite.h"

/* The limits for what is made of one line, which may be long. */
#define TEXT_MAX_BYTES ((size_t)512 * 1024 * 1024)

/* Names of the member of an input that has the answer that is expected, the
 * likeliest first. */
static const char *const reference_names[] = {
    "reference_answer",
    "reference",
    "expected_response",
    "expected_output",
    "expected_answer",
    "expected",
    "ground_truth",
    "ideal",
    "target",
    "answer",
    NULL,
};

/* A value in Python's words, allocated. */
static char *
text_of(const struct json_span *span)
{
	struct buf text;

	buf_init(&text, TEXT_MAX_BYTES);
	json_pystr(span, &text);
	return buf_steal(&text);
}

/* NULL for what counts as nothing in Python. */
static char *
text_if_any(const struct json_span *span)
{
	return json_truth(span) ? text_of(span) : NULL;
}

static char *
first_text(
    const struct json_span *a, const struct json_span *b, const char *fallback)
{
	if (json_truth(a))
		return text_of(a);
	return json_truth(b) ? text_of(b) : xstrdup(fallback);
}

/* The same rules as those of the mapping, so that a record bears the names of
 * its experiment. */
static void
take_names(struct row *row)
{
	struct json_span model = json_member(&row->record, "model");
	struct json_span probe = json_member(&row->record, "probe");
	struct json_span params = json_member(&model, "params");
	struct json_span custom = json_member(&row->record, "custom");
	struct json_span harness = json_member(&custom, "harness");
	struct json_span id = json_member(&model, "model_id");
	struct json_span provider = json_member(&model, "provider");
	struct json_span probe_id = json_member(&probe, "probe_id");
	bool in_harness = harness.type == JSON_OBJECT;
	struct json_span name = in_harness ? json_member(&harness, "model_name")
					   : json_member(&params, "name");
	struct json_span type = json_member(&harness, "model_type");
	struct json_span probe_name = json_member(&harness, "probe_name");

	row->model = first_text(&name, &id, "model");
	row->model_id = first_text(&id, &name, "model");
	row->provider = first_text(&provider, &type, "unknown");
	row->probe = first_text(&probe_name, &probe_id, "probe");
}

static int64_t
token_count(const struct json_span *usage, const char *name, const char *other)
{
	struct json_span span = json_member(usage, name);
	int64_t count;

	if (other != NULL && span.type != JSON_INTEGER)
		span = json_member(usage, other);
	return json_int64(&span, &count) == 0 && count >= 0 ? count
							    : ROW_NO_TOKENS;
}

static void
take_numbers(struct row *row)
{
	struct json_span usage = json_member(&row->record, "usage");
	struct json_span latency = json_member(&row->record, "latency_ms");

	row->has_latency = json_double(&latency, &row->latency_ms) == 0 &&
	    isfinite(row->latency_ms) && row->latency_ms >= 0;
	row->input_tokens =
	    token_count(&usage, "prompt_tokens", "input_tokens");
	row->output_tokens =
	    token_count(&usage, "completion_tokens", "output_tokens");
	row->total_tokens = token_count(&usage, "total_tokens", NULL);
}

/* Reads the value; false: it is none to be sent. */
static bool
read_score(struct row *row, struct row_score *score,
    const struct json_span *value, bool text)
{
	switch (value->type) {
	case JSON_INTEGER:
	case JSON_DOUBLE:
		score->type = ROW_SCORE_NUMBER;
		if (json_double(value, &score->number) == 0 &&
		    isfinite(score->number))
			return true;
		row->scores_left_out++;
		return false;
	case JSON_TRUE:
	case JSON_FALSE:
		score->type = ROW_SCORE_BOOL;
		score->boolean = value->type == JSON_TRUE;
		return true;
	case JSON_NONE:
	case JSON_NULL:
		return false;
	default:
		score->type = ROW_SCORE_TEXT;
		return text;
	}
}

static struct row_score *
find_score(const struct row *row, const char *name)
{
	for (size_t i = 0; i < row->score_len; i++)
		if (strcmp(row->scores[i].name, name) == 0)
			return &row->scores[i];
	return NULL;
}

static void
add_score(struct row *row, const struct json_span *key,
    const struct json_span *value, bool text)
{
	struct row_score score = {.name = json_text_new(key)}, *earlier;

	if (!read_score(row, &score, value, text)) {
		free(score.name);
		return;
	}
	if (score.type == ROW_SCORE_TEXT)
		score.text = text_of(value);
	/* Of duplicate keys the last value stands. */
	earlier = find_score(row, score.name);
	if (earlier != NULL) {
		free(earlier->name);
		free(earlier->text);
		*earlier = score;
		return;
	}
	row->scores =
	    xreallocarray(row->scores, row->score_len + 1, sizeof *row->scores);
	row->scores[row->score_len++] = score;
}

static void
take_scores(struct row *row, bool text)
{
	struct json_span scores = json_member(&row->record, "scores");
	struct json_span key, value;
	struct jsonscan s;

	if (scores.type != JSON_OBJECT)
		return;
	jsonscan_init_span(&s, &scores);
	jsonscan_enter(&s, '{');
	while (jsonscan_member(&s, &key) > 0 && jsonscan_value(&s, &value) == 0)
		add_score(row, &key, &value, text);
}

/* The name of the input's member that has the reference; NULL: none has. */
static const char *
find_reference(const struct json_span *input, struct json_span *reference)
{
	for (size_t i = 0; reference_names[i] != NULL; i++) {
		*reference = json_member(input, reference_names[i]);
		if (reference->type != JSON_NONE)
			return reference_names[i];
	}
	return NULL;
}

/* Writes the input without the member `without`. */
static void
write_input(struct buf *out, const struct json_span *input, const char *without)
{
	struct json_span key, value;
	struct jsonwrite w;
	struct jsonscan s;

	jsonwrite_init(&w, out, JSONWRITE_COMPACT);
	if (without == NULL) {
		jsonwrite_span(&w, input);
		return;
	}
	jsonwrite_open(&w, '{');
	jsonscan_init_span(&s, input);
	jsonscan_enter(&s, '{');
	while (
	    jsonscan_member(&s, &key) > 0 && jsonscan_value(&s, &value) == 0) {
		char *name;

		if (json_is(&key, without))
			continue;
		name = json_text_new(&key);
		jsonwrite_key(&w, name);
		free(name);
		jsonwrite_span(&w, &value);
	}
	jsonwrite_close(&w, '}');
}

static void
take_input(struct row *row, bool text)
{
	struct json_span input = json_member(&row->record, "input");
	struct json_span reference;
	const char *name = find_reference(&input, &reference);

	buf_init(&row->own, TEXT_MAX_BYTES);
	if (input.type == JSON_NONE)
		buf_adds(&row->own, "null");
	else
		write_input(&row->own, &input, name);
	SHA256Data(
	    (const uint8_t *)row->own.data, row->own.len, row->input_digest);
	if (text && input.type != JSON_NONE) {
		jsonscan_whole(row->own.data, row->own.len, &row->input);
		row->reference = reference;
	} else {
		buf_release(&row->own);
	}
}

static void
take_text(struct row *row)
{
	struct json_span error = json_member(&row->record, "error");
	struct json_span text = json_member(&row->record, "output_text");

	row->error = text_if_any(&error);
	row->output = json_member(&row->record, "output");
	if (text.type != JSON_STRING && row->output.type == JSON_STRING)
		text = row->output;
	row->output_text = json_text_new(&text);
}

bool
row_decode(struct row *row, const char *line, size_t len, bool text)
{
	struct json_span span;

	*row = (struct row){0};
	if (jsonscan_whole(line, len, &row->record) < 0 ||
	    row->record.type != JSON_OBJECT)
		return false;
	span = json_member(&row->record, "status");
	row->status = text_of(&span);
	row->success = strcmp(row->status, "success") == 0;
	span = json_member(&row->record, "error_type");
	row->error_type = text_if_any(&span);
	span = json_member(&row->record, "example_id");
	if (span.type != JSON_NONE && span.type != JSON_NULL)
		row->example_id = text_of(&span);
	span = json_member(&row->record, "started_at");
	row->started_at = json_text_new(&span);
	span = json_member(&row->record, "completed_at");
	row->completed_at = json_text_new(&span);
	take_names(row);
	take_numbers(row);
	take_scores(row, text);
	take_input(row, text);
	if (text)
		take_text(row);
	return true;
}

void
row_set_ids(struct row *row, const uint8_t digest[ROW_IDS_BYTES])
{
	memcpy(row->trace_id, digest, ROW_TRACE_ID_BYTES);
	memcpy(row->span_id, digest + ROW_TRACE_ID_BYTES, ROW_SPAN_ID_BYTES);
	/* No ID is all zero. */
	row->trace_id[0] |= 1;
	row->span_id[0] |= 1;
}

void
row_release(struct row *row)
{
	char *const texts[] = {row->status, row->error_type, row->model,
	    row->model_id, row->provider, row->probe, row->example_id,
	    row->started_at, row->completed_at, row->error, row->output_text};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		free(texts[i]);
	for (size_t i = 0; i < row->score_len; i++) {
		free(row->scores[i].name);
		free(row->scores[i].text);
	}
	free(row->scores);
	buf_release(&row->own);
	*row = (struct row){0};
}
