#include "tracker/mlflow/alone.h"

#include <sha2.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "tracker/mlflow/private.h"

/* MLflow's status for whatever goes wrong while it stores spans, also for a moment of
 * its database. */
#define FAILED 422
/* The whole goes so often, with the engine's waits between, before it is doubted. */
#define FAILURES_MAX 3

/* A server that asks for a rest (503, 429, Retry-After) says that it is the cause.
 * One that breaks the connection, or does not answer in time, may have met a request
 * that is too much for it. */
bool
mlflow_is_at_fault(const struct mlflow_answer *a)
{
	if (a->outcome == OUTCOME_REJECTED && a->status == FAILED)
		return true;
	if (a->outcome != OUTCOME_RETRY || a->retry_after_ms > 0)
		return false;
	switch (a->status) {
	case 0:
		return a->ambiguous;
	case 500:
	case 502:
	case 504:
		return true;
	default:
		return false;
	}
}

static enum mlflow_alone_next
failed(struct mlflow_alone *alone)
{
	if (alone->form == MLFLOW_WHOLE && ++alone->failures < FAILURES_MAX)
		return MLFLOW_ALONE_WAITS;
	if (alone->form != MLFLOW_PLACE) {
		alone->form++;
		return MLFLOW_ALONE_AGAIN;
	}
	/* It is the server. */
	alone->form = MLFLOW_WHOLE;
	alone->failures = 0;
	return MLFLOW_ALONE_WAITS;
}

static enum mlflow_alone_next
refused(struct mlflow_alone *alone)
{
	if (alone->form != MLFLOW_WHOLE)
		return MLFLOW_ALONE_LOST;
	alone->form = MLFLOW_BARE;
	alone->failures = 0;
	return MLFLOW_ALONE_AGAIN;
}

static enum mlflow_alone_next
took(struct mlflow_alone *alone)
{
	if (alone->form == MLFLOW_WHOLE || alone->failures == 0)
		return MLFLOW_ALONE_THERE;
	alone->taken = alone->form;
	alone->form = MLFLOW_WHOLE;
	return MLFLOW_ALONE_AGAIN;
}

enum mlflow_alone_next
mlflow_alone_answer(struct mlflow_alone *alone, const struct mlflow_answer *a)
{
	bool at_fault = mlflow_is_at_fault(a);

	if (a->outcome == OUTCOME_DONE)
		return took(alone);
	if (!at_fault && a->outcome != OUTCOME_REJECTED)
		return MLFLOW_ALONE_WAITS;
	alone->why = a->err;
	if (alone->taken != MLFLOW_WHOLE) {
		alone->form = alone->taken;
		return MLFLOW_ALONE_THERE;
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
mlflow_form_cut(struct row *row, enum mlflow_form form)
{
	if (form == MLFLOW_WHOLE)
		return;
	drop(&row->error);
	drop(&row->output_text);
	row->input = row->output = row->reference =
	    (struct json_span){.type = JSON_NONE};
	cut_scores(row, form == MLFLOW_PLACE);
	if (form == MLFLOW_PLACE)
		cut_names(row);
}

static void
make_ids(struct row *row, const char *run_id)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	SHA2_CTX sha;

	SHA256Init(&sha);
	SHA256Update(&sha, row->trace_id, sizeof row->trace_id);
	SHA256Update(&sha, row->span_id, sizeof row->span_id);
	SHA256Update(&sha, (const uint8_t *)run_id, strlen(run_id));
	SHA256Final(digest, &sha);
	/* No ID is all zero. */
	digest[0] |= 1;
	digest[ROW_TRACE_ID_BYTES] |= 1;
	memcpy(row->trace_id, digest, ROW_TRACE_ID_BYTES);
	memcpy(row->span_id, digest + ROW_TRACE_ID_BYTES, ROW_SPAN_ID_BYTES);
}

void
mlflow_form_row(struct row *row, const char *run_id, enum mlflow_form form)
{
	make_ids(row, run_id);
	mlflow_form_cut(row, form);
}
