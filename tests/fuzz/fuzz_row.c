/*
 * A record as trackers send it: the input is one line. Without =text it has no
 * prompt, answer, error or text of a score; with it the same in all else, and
 * what is made of the input is JSON.
 */
#include <math.h>

#include "tests/fuzz/fuzz.h"
#include "tracker/common/row.h"

static void
check_scores(const struct row *row, bool text)
{
	for (size_t i = 0; i < row->score_len; i++) {
		const struct row_score *score = &row->scores[i];

		expect(score->name != NULL);
		expect(
		    score->type != ROW_SCORE_NUMBER || isfinite(score->number));
		expect(
		    (score->type == ROW_SCORE_TEXT) == (score->text != NULL));
		expect(text || score->type != ROW_SCORE_TEXT);
		for (size_t k = 0; k < i; k++)
			expect(strcmp(row->scores[k].name, score->name) != 0);
	}
}

static void
check(const struct row *row, bool text)
{
	expect(row->model != NULL && row->model_id != NULL);
	expect(row->provider != NULL && row->probe != NULL);
	expect(row->success == (strcmp(row->status, "success") == 0));
	expect(strlen(row->input_digest) == ROW_DIGEST_SIZE - 1);
	expect(!row->has_latency || row->latency_ms >= 0);
	expect(row->input_tokens >= ROW_NO_TOKENS);
	check_scores(row, text);
	if (row->input.type != JSON_NONE)
		fuzz_expect_json(row->input.start, row->input.len);
	if (text)
		return;
	expect(row->input.type == JSON_NONE && row->output.type == JSON_NONE);
	expect(row->reference.type == JSON_NONE);
	expect(row->output_text == NULL && row->error == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct row plain, full;
	char *line = xstrndup((const char *)data, size);
	size_t len = strlen(line);
	bool is_record = row_decode(&plain, line, len, false);

	expect(row_decode(&full, line, len, true) == is_record);
	if (is_record) {
		check(&plain, false);
		check(&full, true);
		expect(strcmp(plain.input_digest, full.input_digest) == 0);
		expect(plain.score_len <= full.score_len);
	}
	row_release(&plain);
	row_release(&full);
	free(line);
	return 0;
}
