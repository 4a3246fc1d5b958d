/* What a server or a file store without traces gets for --records: MLflow's table of
 * each run (tables.h), sent once, when it has all rows. */
#include "tracker/mlflow/private.h"

static void
sent_tables(struct mlflow *m, const struct mlflow_answer *failed)
{
	mlflow_records_done(
	    m, failed != NULL ? failed->outcome : OUTCOME_DONE, failed);
}

/* The tables are there, without the rows of the last entry, which can't be
 * read. */
static void
sent_others(struct mlflow *m, const struct mlflow_answer *failed)
{
	struct mlflow_records *r = &m->records;
	struct mlflow_answer lost = {.outcome = OUTCOME_REJECTED};

	lost.err = r->lost;
	mlflow_records_done(m,
	    failed != NULL ? failed->outcome : OUTCOME_REJECTED,
	    failed != NULL ? failed : &lost);
}

/* Puts the rows that are no traces into tables. */
static int
gather(struct mlflow *m, struct err *err)
{
	struct mlflow_records *r = &m->records;
	struct row row;
	int result = 0;

	while (r->at < r->rows.len && result == 0) {
		rows_get(&r->rows, r->at, &row);
		result = mlflow_tables_add(m, &row, err);
		row_release(&row);
		if (result == 0)
			r->at++;
	}
	return result;
}

/* A table is sent once, when it has all rows. */
static bool
is_time_to_send(const struct mlflow *m)
{
	return !tracker_records_follow(m->tracker);
}

void
mlflow_records_have_no_traces(struct mlflow *m, const struct mlflow_answer *a)
{
	struct mlflow_answer failed = {.outcome = OUTCOME_BLOCKED};

	m->records.none = true;
	tracker_note(m->tracker,
	    "this MLflow server takes no traces (HTTP %d): the records are the "
	    "table records.json of the run; MLflow 3.6 or newer with a "
	    "database has pages for them",
	    a->status);
	if (gather(m, &failed.err) < 0)
		mlflow_records_done(m, OUTCOME_BLOCKED, &failed);
	else if (!is_time_to_send(m) || !mlflow_tables_send(m, sent_tables))
		mlflow_records_done(m, OUTCOME_DONE, NULL);
}

enum outcome
mlflow_records_as_tables(
    struct mlflow *m, enum outcome outcome, struct err *err)
{
	struct mlflow_records *r = &m->records;
	int result = gather(m, err);

	if (result == 0 && is_time_to_send(m) && m->mlruns != NULL)
		result = mlflow_tables_place(m, err);
	if (result == 0 && is_time_to_send(m) && m->mlruns == NULL &&
	    mlflow_tables_send(
		m, outcome == OUTCOME_DONE ? sent_tables : sent_others))
		return OUTCOME_PENDING;
	rows_release(&r->rows);
	return result == 0 ? outcome : OUTCOME_BLOCKED;
}
