/* Sends records to an MLflow server that has traces, each as a trace of the run that
 * has its experiment: the spans of up to 100 records in one request, and for each
 * record that has scores or a reference answer one more. These go first, which costs
 * the server less, as soon as it is known to have traces at all. What is sent again is
 * merged, because the IDs are those of the record.
 *
 * A request that is refused, or at which the server fails, is sent again in halves,
 * until the record at fault is alone; of that one goes less and less (alone.h), and
 * what is missing is named. */
#include "http/gzip.h"
#include "tracker/mlflow/limits.h"
#include "tracker/mlflow/private.h"
#include "tracker/mlflow/trace.h"

#define REQUEST_BYTES_MAX ((size_t)1024 * 1024)
/* One record more than that: a line of 64 MiB, all of it escapes. */
#define BODY_BUFFER   ((size_t)512 * 1024 * 1024)
#define REMEMBERED    "traces"
#define MALFORMED     400
#define NOT_FOUND     404
#define UNPROCESSABLE 422

static void go_on(struct mlflow *m);
static void sent_spans(struct mlflow *m, struct mlflow_answer *a);

bool
mlflow_takes_traces(const struct mlflow *m)
{
	return m->records.taken ||
	    tracker_recall(m->tracker, REMEMBERED) != NULL;
}

static const char *
run_of(const struct mlflow *m, const struct row *row)
{
	const struct mlflow_child *child = NULL;

	if (tracker_has_own_run(m->tracker, row->experiment))
		child = mlflow_child_find(m, row->experiment);
	return child != NULL && child->run_id != NULL ? child->run_id
						      : m->run_id;
}

static void
get_row(const struct mlflow *m, size_t i, enum alone_form form, struct row *row)
{
	rows_get(&m->records.rows, i, row);
	mlflow_trace_ids(row, run_of(m, row));
	alone_cut(row, form);
}

/* Fills the request with rows of one run, from `at` on. */
static void
fill(struct mlflow *m)
{
	struct mlflow_records *r = &m->records;
	struct otel_frame frame;
	struct row row;

	r->sent = 0;
	buf_reset(&r->body);
	mlflow_traces_begin(&r->body, &frame);
	while (r->at + r->sent < r->rows.len && r->sent < r->most) {
		size_t before = r->body.len;
		const char *run_id;
		bool fits;

		get_row(m, r->at + r->sent, r->span.form, &row);
		run_id = run_of(m, &row);
		fits = r->sent == 0 || run_id == r->run_id;
		if (fits)
			mlflow_trace_add(&r->body, &row);
		row_release(&row);
		if (r->sent > 0 && r->body.len > REQUEST_BYTES_MAX)
			buf_truncate(&r->body, before);
		if (!fits || r->body.len == before)
			break;
		r->run_id = run_id;
		r->sent++;
	}
	otel_end(&r->body, &frame);
	buf_reset(&r->packed);
	if (r->plain)
		buf_add(&r->packed, r->body.data, r->body.len);
	else
		gzip_add(&r->packed, r->body.data, r->body.len);
}

/* The answer to a request for one record says that it is to come again. */
static void
wait(struct mlflow *m, size_t i, const struct mlflow_answer *a)
{
	struct mlflow_answer named = *a;

	if (mlflow_is_at_fault(a))
		err_prefix(&named.err, "record %jd",
		    (intmax_t)m->records.rows.list[i].number);
	mlflow_records_done(
	    m, mlflow_is_at_fault(a) ? OUTCOME_RETRY : a->outcome, &named);
}

/* The rows of the request are there with all that belongs to them. */
static void
settle(struct mlflow *m)
{
	struct mlflow_records *r = &m->records;

	r->at += r->sent;
	r->sent = 0;
	r->most =
	    2 * r->most < MLFLOW_TRACES_MAX ? 2 * r->most : MLFLOW_TRACES_MAX;
	r->span = (struct alone){0};
	if (r->infos < r->at)
		r->infos = r->at; /* of a record that was refused */
}

static void send_info(struct mlflow *m);

/* The scores of this row are there as far as they ever will. */
static void
settle_info(struct mlflow *m)
{
	struct mlflow_records *r = &m->records;

	r->infos++;
	r->scores_left_out += r->left_out;
	r->info = (struct alone){0};
}

static void
sent_info(struct mlflow *m, struct mlflow_answer *a)
{
	struct mlflow_records *r = &m->records;

	r->moved = r->moved || a->outcome == OUTCOME_DONE;
	switch (alone_answer(
	    &r->info, a->outcome, mlflow_is_at_fault(a), &a->err)) {
	case ALONE_WAITS:
		wait(m, r->infos, a);
		return;
	case ALONE_AGAIN:
		break;
	case ALONE_THERE:
		mlflow_records_note_form(m, r->infos, ": its scores", &r->info);
		settle_info(m);
		break;
	case ALONE_LOST:
		mlflow_records_refused(
		    m, r->infos, ": its scores", &r->info.why);
		settle_info(m);
		break;
	}
	send_info(m);
}

/* Makes the request for the scores of this row; false: it needs none. */
static bool
make_info(struct mlflow *m)
{
	struct mlflow_records *r = &m->records;
	struct row row;
	bool needed;

	get_row(m, r->infos, ALONE_WHOLE, &row);
	needed = mlflow_trace_has_info(&row);
	r->left_out = row.scores_left_out;
	alone_cut(&row, r->info.form);
	buf_reset(&r->body);
	if (needed)
		mlflow_trace_info(&r->body, &row, m->experiment_id, r->run_id);
	row_release(&row);
	return needed;
}

/* The next of the request's rows that has more than a span. */
static void
send_info(struct mlflow *m)
{
	struct mlflow_records *r = &m->records;

	while (r->infos < r->at + r->sent) {
		if (make_info(m)) {
			mlflow_post_trace(m, &r->body, sent_info);
			return;
		}
		settle_info(m);
	}
	if (!r->spans_sent) {
		mlflow_post_spans(m, &r->packed, r->run_id, sent_spans);
		return;
	}
	settle(m);
	go_on(m);
}

static void
take(struct mlflow *m)
{
	struct mlflow_records *r = &m->records;

	r->moved = true;
	if (r->taken)
		return;
	r->taken = true;
	if (tracker_recall(m->tracker, REMEMBERED) == NULL)
		tracker_remember_later(m->tracker, REMEMBERED, "taken");
	mlflow_say_place(m);
}

/* One record was in the request. */
static void
sent_alone(struct mlflow *m, const struct mlflow_answer *a)
{
	struct mlflow_records *r = &m->records;

	r->most = 1;
	if (a->outcome == OUTCOME_DONE)
		take(m);
	switch (alone_answer(
	    &r->span, a->outcome, mlflow_is_at_fault(a), &a->err)) {
	case ALONE_WAITS:
		wait(m, r->at, a);
		break;
	case ALONE_AGAIN:
		go_on(m);
		break;
	case ALONE_THERE:
		mlflow_records_note_form(m, r->at, "", &r->span);
		r->spans_sent = true;
		send_info(m);
		break;
	case ALONE_LOST:
		mlflow_records_refused(m, r->at, "", &r->span.why);
		settle(m);
		go_on(m);
		break;
	}
}

/* Several were, and are taken or go in halves. */
static void
sent_several(struct mlflow *m, const struct mlflow_answer *a)
{
	struct mlflow_records *r = &m->records;
	bool at_fault = mlflow_is_at_fault(a);

	if (a->outcome == OUTCOME_DONE) {
		take(m);
		r->spans_sent = true;
		send_info(m);
		return;
	}
	if (at_fault || a->outcome == OUTCOME_REJECTED) {
		/* At once: a drain would end before waits between halves do. One
		 * record alone gets the server's time. */
		r->most = r->sent / 2;
		go_on(m);
	} else {
		mlflow_records_done(m, a->outcome, a);
	}
}

static void
sent(struct mlflow *m, const struct mlflow_answer *a)
{
	struct mlflow_records *r = &m->records;

	if (a->outcome == OUTCOME_REJECTED)
		r->plain = false;
	if (r->sent == 1)
		sent_alone(m, a);
	else
		sent_several(m, a);
}

/* The server refused the same as gzip. One that can read it as it is, is MLflow 3.4:
 * it knows spans, but links none to a run and shows none. */
static bool
is_answer_to_plain(const struct mlflow_answer *a)
{
	return a->outcome == OUTCOME_DONE || a->status == UNPROCESSABLE;
}

static void
sent_spans(struct mlflow *m, struct mlflow_answer *a)
{
	struct mlflow_records *r = &m->records;

	if (mlflow_has_no_such_call(a) && mlflow_takes_traces(m)) {
		/* a proxy's page, or the like */
		mlflow_records_done(m, OUTCOME_RETRY, a);
	} else if (mlflow_has_no_such_call(a)) {
		mlflow_records_have_no_traces(m, a);
	} else if (a->outcome == OUTCOME_REJECTED && a->status == NOT_FOUND) {
		/* the experiment is gone */
		mlflow_records_done(m, OUTCOME_BLOCKED, a);
	} else if (a->status == MALFORMED && !mlflow_takes_traces(m) &&
	    !r->plain && !r->asked) {
		r->plain = r->asked = true;
		go_on(m);
	} else if (r->plain && is_answer_to_plain(a)) {
		mlflow_records_have_no_traces(m, a);
	} else {
		sent(m, a);
	}
}

static bool
advance(struct mlflow *m)
{
	struct mlflow_records *r = &m->records;

	if (r->at >= r->rows.len)
		return false;
	fill(m);
	r->spans_sent = false;
	if (r->taken)
		send_info(m);
	else
		mlflow_post_spans(m, &r->packed, r->run_id, sent_spans);
	return true;
}

static void
go_on(struct mlflow *m)
{
	if (!advance(m))
		mlflow_records_done(m, OUTCOME_DONE, NULL);
}

enum outcome
mlflow_records_as_traces(struct mlflow *m)
{
	struct mlflow_records *r = &m->records;

	if (r->body.max == 0) {
		buf_init(&r->body, BODY_BUFFER);
		buf_init(&r->packed, BODY_BUFFER);
	}
	r->moved = false;
	if (advance(m))
		return OUTCOME_PENDING;
	rows_release(&r->rows);
	return OUTCOME_DONE;
}
