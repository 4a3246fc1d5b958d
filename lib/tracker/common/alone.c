#include "tracker/common/alone.h"

#include <stdlib.h>

#include "base/die.h"

/* The whole goes so often, with the engine's waits between, before it is doubted. */
#define FAILURES_MAX 3

bool
alone_may_fail(int status, bool ambiguous, int64_t retry_after_ms)
{
	if (retry_after_ms > 0)
		return false;
	switch (status) {
	case 0:
		return ambiguous;
	case 500:
	case 502:
	case 504:
		return true;
	default:
		return false;
	}
}

static enum alone_next
failed(struct alone *alone)
{
	if (alone->form == ALONE_WHOLE && ++alone->failures < FAILURES_MAX)
		return ALONE_WAITS;
	if (alone->form != ALONE_PLACE) {
		alone->form++;
		return ALONE_AGAIN;
	}
	/* It is the server. */
	alone->form = ALONE_WHOLE;
	alone->failures = 0;
	return ALONE_WAITS;
}

static enum alone_next
refused(struct alone *alone)
{
	if (alone->form != ALONE_WHOLE)
		return ALONE_LOST;
	alone->form = ALONE_BARE;
	alone->failures = 0;
	return ALONE_AGAIN;
}

static enum alone_next
took(struct alone *alone)
{
	if (alone->form == ALONE_WHOLE || alone->failures == 0)
		return ALONE_THERE;
	alone->taken = alone->form;
	alone->form = ALONE_WHOLE;
	return ALONE_AGAIN;
}

enum alone_next
alone_answer(struct alone *alone, enum outcome outcome, bool at_fault,
    const struct err *err)
{
	if (outcome == OUTCOME_DONE)
		return took(alone);
	if (!at_fault && outcome != OUTCOME_REJECTED)
		return ALONE_WAITS;
	alone->why = *err;
	if (alone->taken != ALONE_WHOLE) {
		alone->form = alone->taken;
		return ALONE_THERE;
	}
	return at_fault ? failed(alone) : refused(alone);
}

static void
cut_scores(struct row *row, bool all)
{
	size_t left = 0;

	for (size_t i = 0; i < row->score_len; i++) {
		struct row_score *score = &row->scores[i];

		if (all || score->type == ROW_SCORE_TEXT) {
			free(score->name);
			free(score->text);
		} else {
			row->scores[left++] = *score;
		}
	}
	row->score_len = left;
}

static void
drop(char **text)
{
	free(*text);
	*text = NULL;
}

/* Names, too, are what somebody wrote. */
static void
cut_names(struct row *row)
{
	char **const texts[] = {&row->error_type, &row->model, &row->model_id,
	    &row->provider, &row->example_id, &row->started_at,
	    &row->completed_at};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		drop(texts[i]);
	free(row->status);
	row->status = xstrdup(row->success ? "success" : "error");
	free(row->probe);
	row->probe = xstrdup("record");
	row->has_latency = false;
	row->input_tokens = row->output_tokens = ROW_NO_TOKENS;
}

void
alone_cut(struct row *row, enum alone_form form)
{
	if (form == ALONE_WHOLE)
		return;
	drop(&row->error);
	drop(&row->output_text);
	row->input = row->output = row->reference =
	    (struct json_span){.type = JSON_NONE};
	cut_scores(row, form == ALONE_PLACE);
	if (form == ALONE_PLACE)
		cut_names(row);
}
