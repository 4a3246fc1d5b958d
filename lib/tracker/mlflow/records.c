/* The records lane: decides whether records go as traces (records_as_traces.c) or as
 * tables (records_as_tables.c), gives the engine its answers, and says which records
 * were refused and what was left out. */
#include <stdlib.h>

#include "base/die.h"
#include "tracker/mlflow/limits.h"
#include "tracker/mlflow/private.h"

/* Names the first of the records that were refused. */
static void
say_refused(struct mlflow *m)
{
	struct mlflow_records *r = &m->records;
	char *what;

	if (r->refused == 0)
		return;
	what = r->refused == 1
	    ? xstrdup(r->refusal)
	    : xasprintf("%s (and %zu more)", r->refusal, r->refused - 1);
	tracker_refused(m->tracker, what, r->why);
	free(what);
}

static void
forget_refused(struct mlflow_records *r)
{
	free(r->refusal);
	free(r->why);
	r->refusal = r->why = NULL;
	r->refused = 0;
}

void
mlflow_records_done(
    struct mlflow *m, enum outcome outcome, const struct mlflow_answer *a)
{
	struct mlflow_records *r = &m->records;

	rows_release(&r->rows);
	r->batch->done = outcome == OUTCOME_DONE ? r->batch->count : 0;
	r->batch->rejected = outcome == OUTCOME_DONE && r->refused > 0;
	r->batch->moved = r->moved;
	if (outcome == OUTCOME_DONE) {
		say_refused(m);
		forget_refused(r);
		if (r->batch->last || m->end.end != NULL)
			mlflow_records_ended(m);
	}
	tracker_done(m->tracker, CALL_SEND_RECORDS, outcome,
	    a != NULL ? a->retry_after_ms : 0, a != NULL ? &a->err : NULL);
}

void
mlflow_records_ended(struct mlflow *m)
{
	struct mlflow_records *r = &m->records;

	/* The counts are those of all, or nobody could add them up. */
	if (r->rows.len > 0 || tracker_records_follow(m->tracker))
		return;
	if (r->scores_left_out > 0)
		tracker_note(m->tracker,
		    "scores that are NaN or infinite: %zu; MLflow takes no "
		    "such values, they are left out",
		    r->scores_left_out);
	if (r->without_texts > 0)
		tracker_altered(m->tracker,
		    "records whose texts the server refuses: %zu, the first "
		    "is record %jd; they stand there without their texts",
		    r->without_texts, (intmax_t)r->first_without);
	r->scores_left_out = r->without_texts = 0;
}

void
mlflow_records_refused(
    struct mlflow *m, size_t i, const char *part, const struct err *why)
{
	struct mlflow_records *r = &m->records;

	if (r->refused++ > 0)
		return;
	r->refusal =
	    xasprintf("record %jd%s", (intmax_t)r->rows.list[i].number, part);
	r->why = xstrdup(why->message);
}

void
mlflow_records_note_form(
    struct mlflow *m, size_t i, const char *part, const struct alone *alone)
{
	struct mlflow_records *r = &m->records;
	int64_t number = r->rows.list[i].number;

	if (alone->form == ALONE_PLACE)
		mlflow_records_refused(m, i, part, &alone->why);
	if (alone->form != ALONE_BARE || number == r->last_without)
		return;
	r->last_without = number;
	if (r->without_texts++ == 0)
		r->first_without = number;
}

enum outcome
mlflow_send_records(struct mlflow *m, struct batch *batch, struct err *err)
{
	struct mlflow_records *r = &m->records;
	enum outcome outcome;

	r->batch = batch;
	if (batch->count == 0)
		return OUTCOME_DONE;
	outcome = rows_open(&r->rows, m->run->start, &batch->entries[0], err);
	if (outcome == OUTCOME_REJECTED && batch->last && m->tables.len > 0) {
		r->lost = *err;
		return mlflow_records_as_tables(m, OUTCOME_REJECTED, err);
	}
	if (outcome != OUTCOME_DONE)
		return outcome;
	if (r->first != batch->entries[0].records.first) {
		r->first = batch->entries[0].records.first;
		r->at = r->infos = 0;
		r->most = MLFLOW_TRACES_MAX;
		r->span = r->info = (struct alone){0};
		forget_refused(r);
	}
	if (r->none || m->mlruns != NULL)
		return mlflow_records_as_tables(m, OUTCOME_DONE, err);
	return mlflow_records_as_traces(m);
}

void
mlflow_records_release(struct mlflow *m)
{
	struct mlflow_records *r = &m->records;

	rows_release(&r->rows);
	forget_refused(r);
	buf_release(&r->body);
	buf_release(&r->packed);
}
