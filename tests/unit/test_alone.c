/* A record at which a server of MLflow fails: how much of it goes next. */
#include "tracker/common/alone.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"
#include "tracker/mlflow/private.h"
#include "tracker/mlflow/trace.h"

static const char *const words[] = {"waits", "again", "there", "lost"};

static struct mlflow_answer
answer(enum outcome outcome, int status)
{
	struct mlflow_answer a = {.outcome = outcome, .status = status};

	err_set(&a.err, -1, "HTTP %d", status);
	return a;
}

static void
next(
    struct alone *alone, int status, enum alone_next want, enum alone_form form)
{
	struct mlflow_answer a = answer(status == 200 ? OUTCOME_DONE
		: status >= 500                       ? OUTCOME_RETRY
						      : OUTCOME_REJECTED,
	    status);
	enum alone_next got =
	    alone_answer(alone, a.outcome, mlflow_is_at_fault(&a), &a.err);

	ok(got == want, "HTTP %d: %s", status, words[got]);
	is_int(alone->form, form, "  and so much of it");
}

static void
test_failures(void)
{
	struct alone alone = {0};

	for (int i = 0; i < 2; i++) {
		next(&alone, 500, ALONE_WAITS, ALONE_WHOLE);
		next(&alone, 500, ALONE_WAITS, ALONE_WHOLE);
		next(&alone, 500, ALONE_AGAIN, ALONE_BARE);
		next(&alone, 500, ALONE_AGAIN, ALONE_PLACE);
		/* The server is ill: it all begins anew. */
		next(&alone, 500, ALONE_WAITS, ALONE_WHOLE);
	}
	next(&alone, 200, ALONE_THERE, ALONE_WHOLE);
}

static void
test_fault(void)
{
	struct alone alone = {0};

	next(&alone, 500, ALONE_WAITS, ALONE_WHOLE);
	next(&alone, 500, ALONE_WAITS, ALONE_WHOLE);
	next(&alone, 500, ALONE_AGAIN, ALONE_BARE);
	next(&alone, 200, ALONE_AGAIN, ALONE_WHOLE);
	next(&alone, 503, ALONE_WAITS, ALONE_WHOLE);
	next(&alone, 500, ALONE_THERE, ALONE_BARE);
	is_text(alone.why.message, "HTTP 500", "the reason is kept");

	alone = (struct alone){.failures = 2};
	next(&alone, 500, ALONE_AGAIN, ALONE_BARE);
	next(&alone, 200, ALONE_AGAIN, ALONE_WHOLE);
	/* It was the server, for a moment. */
	next(&alone, 200, ALONE_THERE, ALONE_WHOLE);
}

static void
test_refusals(void)
{
	struct alone alone = {0};

	next(&alone, 413, ALONE_AGAIN, ALONE_BARE);
	next(&alone, 200, ALONE_THERE, ALONE_BARE);
	alone = (struct alone){0};
	next(&alone, 400, ALONE_AGAIN, ALONE_BARE);
	next(&alone, 400, ALONE_LOST, ALONE_BARE);
}

static void
test_whose_fault(void)
{
	struct mlflow_answer a = answer(OUTCOME_RETRY, 429);

	ok(!mlflow_is_at_fault(&a), "429 asks for a rest");
	a.status = 500;
	a.retry_after_ms = 1000;
	ok(!mlflow_is_at_fault(&a), "Retry-After, too");
	a = answer(OUTCOME_RETRY, 0);
	ok(!mlflow_is_at_fault(&a), "no server is there");
	a.ambiguous = true;
	ok(mlflow_is_at_fault(&a), "one that breaks off may be at its end");
	a = answer(OUTCOME_REJECTED, 422);
	ok(mlflow_is_at_fault(&a), "422 is MLflow's word for any failure");
	a = answer(OUTCOME_BLOCKED, 403);
	ok(!mlflow_is_at_fault(&a), "a login has to do with no record");
}

static const char line[] =
    "{\"example_id\":\"NAME\",\"input\":{\"q\":\"TEXT\",\"reference\":\"TEXT\"}"
    ","
    "\"output\":\"TEXT\",\"scores\":{\"a\":\"TEXT\",\"f1\":0.5,\"b\":\"TEXT\","
    "\"ok\":true},\"status\":\"NAME\"}";

static void
test_forms(void)
{
	struct row row;

	row_decode(&row, line, strlen(line), true);
	is_int((long long)row.score_len, 4, "four scores");
	alone_cut(&row, ALONE_BARE);
	is_int((long long)row.score_len, 2, "of the bare one two");
	is_text(row.scores[0].name, "f1", "the number");
	is_text(row.scores[1].name, "ok", "and the boolean");
	ok(row.output_text == NULL && row.input.type == JSON_NONE &&
		row.reference.type == JSON_NONE,
	    "no text");
	is_text(row.example_id, "NAME", "but its names");
	alone_cut(&row, ALONE_PLACE);
	ok(row.example_id == NULL && row.score_len == 0, "the least has none");
	is_text(row.status, "error", "and only its state");
	row_release(&row);
}

static void
test_ids(void)
{
	struct row rows[3] = {0};

	for (size_t i = 0; i < 3; i++)
		mlflow_trace_ids(&rows[i], i < 2 ? "run" : "other");
	ok(memcmp(rows[0].trace_id, rows[1].trace_id, ROW_TRACE_ID_BYTES) == 0,
	    "a record has one ID in a run");
	ok(memcmp(rows[0].trace_id, rows[2].trace_id, ROW_TRACE_ID_BYTES) != 0,
	    "and another in another run");
}

int
main(void)
{
	test_failures();
	test_fault();
	test_refusals();
	test_whose_fault();
	test_forms();
	test_ids();
	return done_testing();
}
