/* Ends a run on an MLflow server, with its status: what is left of the dataset and the
 * models first, then the children, then the run, then the tables of its records. */
#include "tracker/mlflow/private.h"

static void send_end(struct mlflow *m);

static const char *
mlflow_status(enum run_status status)
{
	switch (status) {
	case RUN_FINISHED:
		return "FINISHED";
	case RUN_KILLED:
		return "KILLED";
	default:
		return "FAILED";
	}
}

static void
ended_child(struct mlflow *m, struct mlflow_answer *a)
{
	if (a->outcome == OUTCOME_RETRY || a->outcome == OUTCOME_BLOCKED) {
		mlflow_fail(m, CALL_FINISH, a);
		return;
	}
	m->wanted.child->ended = true;
	send_end(m);
}

static void
sent_tables(struct mlflow *m, const struct mlflow_answer *failed)
{
	const struct mlflow_answer done = {.outcome = OUTCOME_DONE};

	mlflow_fail(m, CALL_FINISH, failed != NULL ? failed : &done);
}

/* A table that can't be sent now must not keep the run from its end. */
static void
ended(struct mlflow *m, struct mlflow_answer *a)
{
	/* Records that are under way, or follow, send them. */
	bool others = m->calls[LANE_RECORDS].http != NULL ||
	    tracker_records_follow(m->tracker);

	if (a->outcome != OUTCOME_DONE || others ||
	    !mlflow_tables_send(m, sent_tables))
		mlflow_fail(m, CALL_FINISH, a);
}

/* Ends the children first, so that none outlives its parent. */
static void
send_end(struct mlflow *m)
{
	struct mlflow_call *call = &m->calls[LANE_METRICS];
	const char *run_id = m->run_id;
	struct jsonwrite w;

	m->wanted.child = NULL;
	for (size_t i = 0; i < m->child_len; i++)
		if (m->children[i]->run_id != NULL && !m->children[i]->ended) {
			m->wanted.child = m->children[i];
			run_id = m->children[i]->run_id;
			break;
		}
	w = mlflow_begin_body(&call->body);
	jsonwrite_text_member(&w, "run_id", run_id);
	jsonwrite_text_member(&w, "status", mlflow_status(m->end.end->status));
	jsonwrite_int_member(&w, "end_time", m->end.ended_us / 1000);
	jsonwrite_close(&w, '}');
	mlflow_post(
	    m, "runs/update", m->wanted.child != NULL ? ended_child : ended);
}

void
mlflow_finish_on(struct mlflow *m)
{
	if (!mlflow_inputs_next(m))
		send_end(m);
}

enum outcome
mlflow_server_finish(struct mlflow *m, const struct run_end *run_end)
{
	m->end = *run_end;
	mlflow_inputs_end(m);
	mlflow_finish_on(m);
	return OUTCOME_PENDING;
}
