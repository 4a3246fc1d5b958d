/* Sends records to an MLflow server, each as a trace of the run that has its
 * experiment: the spans of up to 100 records in one request, and for each record
 * that has scores or a reference answer one more. These go first, which costs the
 * server less, as soon as it is known to have traces at all. What is sent again is
 * merged, because the IDs are those of the record.
 *
 * A request that is refused is sent again in halves, until the record at fault is
 * alone; that one goes without its texts, and if that is refused, too, it is
 * named. */
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "http/gzip.h"
#include "tracker/mlflow/private.h"
#include "tracker/mlflow/trace.h"

#define REQUEST_ROWS_MAX  100
#define REQUEST_BYTES_MAX ((size_t)1024 * 1024)
/* One record more than that: a line of 64 MiB, all of it escapes. */
#define BODY_BUFFER ((size_t)512 * 1024 * 1024)
#define REMEMBERED  "traces"
#define MALFORMED   400
#define NOT_FOUND   404

static void go_on(struct mlflow *m);
static void sent_spans(struct mlflow *m, struct mlflow_answer *a);

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

static void
done(struct mlflow *m, enum outcome outcome, const struct mlflow_answer *a)
{
	struct mlflow_records *r = &m->records;

	rows_release(&r->rows);
	r->batch->done = outcome == OUTCOME_DONE ? r->batch->count : 0;
	r->batch->rejected = outcome == OUTCOME_DONE && r->refused > 0;
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

/* Has it taken any, from this process or one before it? */
static bool
takes_traces(const struct mlflow *m)
{
	return m->records.taken ||
	    tracker_recall(m->tracker, REMEMBERED) != NULL;
}

void
mlflow_say_place(struct mlflow *m)
{
	bool traces = takes_traces(m);
	bool several = m->child_len > 1 &&
	    tracker_has_own_run(m->tracker, m->children[0]->index);
	char *place;

	if (!traces)
		place = xasprintf("%s/#/experiments/%s/runs/%s", m->config.base,
		    m->experiment_id, m->run_id);
	else if (several)
		place = xasprintf("%s/#/experiments/%s/evaluation-runs",
		    m->config.base, m->experiment_id);
	else
		place = xasprintf(
		    "%s/#/experiments/%s/evaluation-runs?selectedRunUuid=%s",
		    m->config.base, m->experiment_id, m->run_id);
	tracker_set_place(m->tracker, place);
	free(place);
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

/* Takes out what the user may read on his own machine only. */
static void
make_bare(struct row *row)
{
	free(row->error);
	free(row->output_text);
	row->error = row->output_text = NULL;
	row->input = row->output = row->reference =
	    (struct json_span){.type = JSON_NONE};
	while (row->score_len > 0 &&
	    row->scores[row->score_len - 1].type == ROW_SCORE_TEXT) {
		free(row->scores[--row->score_len].name);
		free(row->scores[row->score_len].text);
	}
}

static void
get_row(const struct mlflow_records *r, size_t i, struct row *row)
{
	rows_get(&r->rows, i, row);
	if (r->bare && i == r->at)
		make_bare(row);
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

		get_row(r, r->at + r->sent, &row);
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

static void
refuse(
    struct mlflow *m, size_t i, const char *part, const struct mlflow_answer *a)
{
	struct mlflow_records *r = &m->records;

	if (r->refused++ > 0)
		return;
	r->refusal =
	    xasprintf("record %jd%s", (intmax_t)r->rows.list[i].number, part);
	r->why = xstrdup(a->err.message);
}

/* The rows of the request are there with all that belongs to them. */
static void
settle(struct mlflow *m)
{
	struct mlflow_records *r = &m->records;

	r->at += r->sent;
	r->sent = 0;
	r->scores_left_out += r->left_out;
	r->left_out = 0;
	r->bare = false;
}

static void send_info(struct mlflow *m);

static void
sent_info(struct mlflow *m, struct mlflow_answer *a)
{
	struct mlflow_records *r = &m->records;

	if (a->outcome == OUTCOME_RETRY || a->outcome == OUTCOME_BLOCKED) {
		done(m, a->outcome, a);
		return;
	}
	if (a->outcome == OUTCOME_REJECTED)
		refuse(m, r->at + r->info, ": its scores", a);
	r->info++;
	send_info(m);
}

/* The next of the request's rows that has more than a span. */
static void
send_info(struct mlflow *m)
{
	struct mlflow_records *r = &m->records;
	bool found = false;
	struct row row;

	while (r->info < r->sent && !found) {
		get_row(r, r->at + r->info, &row);
		found = mlflow_trace_has_info(&row);
		r->left_out += row.scores_left_out;
		buf_reset(&r->body);
		if (found)
			mlflow_trace_info(
			    &r->body, &row, m->experiment_id, r->run_id);
		else
			r->info++;
		row_release(&row);
	}
	if (found) {
		mlflow_post_trace(m, &r->body, sent_info);
	} else if (!r->spans_sent) {
		mlflow_post_spans(m, &r->packed, r->run_id, sent_spans);
	} else {
		settle(m);
		go_on(m);
	}
}

static void
split(struct mlflow *m, const struct mlflow_answer *a)
{
	struct mlflow_records *r = &m->records;

	if (r->sent > 1) {
		r->most = r->sent / 2;
	} else if (!r->bare) {
		r->bare = true;
	} else {
		refuse(m, r->at, "", a);
		settle(m);
	}
	go_on(m);
}

static void
take(struct mlflow *m)
{
	struct mlflow_records *r = &m->records;

	if (!r->taken) {
		r->taken = true;
		if (tracker_recall(m->tracker, REMEMBERED) == NULL)
			tracker_remember_later(m->tracker, REMEMBERED, "taken");
		mlflow_say_place(m);
	}
	if (r->bare && r->without_texts++ == 0)
		r->first_without = r->rows.list[r->at].number;
	r->spans_sent = true;
	send_info(m);
}

static void
sent_tables(struct mlflow *m, const struct mlflow_answer *failed)
{
	done(m, failed != NULL ? failed->outcome : OUTCOME_DONE, failed);
}

/* The tables are there, without the rows of the last entry, which can't be
 * read. */
static void
sent_others(struct mlflow *m, const struct mlflow_answer *failed)
{
	struct mlflow_records *r = &m->records;
	struct mlflow_answer lost = {.outcome = OUTCOME_REJECTED};

	lost.err = r->lost;
	done(m, failed != NULL ? failed->outcome : OUTCOME_REJECTED,
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

/* It is said once for the whole run. */
static void
do_without(struct mlflow *m, const struct mlflow_answer *a)
{
	struct mlflow_answer failed = {.outcome = OUTCOME_BLOCKED};

	m->records.none = true;
	tracker_note(m->tracker,
	    "this MLflow server takes no traces (HTTP %d): the records are the "
	    "table records.json of the run; MLflow 3.6 or newer with a "
	    "database has pages for them",
	    a->status);
	if (gather(m, &failed.err) < 0)
		done(m, OUTCOME_BLOCKED, &failed);
	else if (!is_time_to_send(m) || !mlflow_tables_send(m, sent_tables))
		done(m, OUTCOME_DONE, NULL);
}

static void
sent_spans(struct mlflow *m, struct mlflow_answer *a)
{
	struct mlflow_records *r = &m->records;

	if (mlflow_has_no_such_call(a) && takes_traces(m)) {
		done(m, OUTCOME_RETRY, a); /* a proxy's page, or the like */
	} else if (mlflow_has_no_such_call(a)) {
		do_without(m, a);
	} else if (a->outcome == OUTCOME_DONE) {
		take(m);
	} else if (a->outcome == OUTCOME_REJECTED && a->status == NOT_FOUND) {
		done(m, OUTCOME_BLOCKED, a); /* the experiment is gone */
	} else if (a->status == MALFORMED && !r->taken && !r->plain) {
		r->plain = true; /* MLflow 3.4 */
		go_on(m);
	} else if (a->outcome == OUTCOME_REJECTED) {
		split(m, a);
	} else {
		done(m, a->outcome, a);
	}
}

static bool
advance(struct mlflow *m)
{
	struct mlflow_records *r = &m->records;

	if (r->at >= r->rows.len)
		return false;
	fill(m);
	r->info = r->left_out = 0;
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
		done(m, OUTCOME_DONE, NULL);
}

/* What a server or a file store without traces gets. `outcome` is what becomes
 * of the entry when they are there. */
static enum outcome
send_tables(struct mlflow *m, enum outcome outcome, struct err *err)
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
		return send_tables(m, OUTCOME_REJECTED, err);
	}
	if (outcome != OUTCOME_DONE)
		return outcome;
	if (r->first != batch->entries[0].records.first) {
		r->first = batch->entries[0].records.first;
		r->at = 0;
		r->bare = false;
		forget_refused(r);
	}
	if (r->none || m->mlruns != NULL)
		return send_tables(m, OUTCOME_DONE, err);
	if (r->body.max == 0) {
		buf_init(&r->body, BODY_BUFFER);
		buf_init(&r->packed, BODY_BUFFER);
	}
	r->most = REQUEST_ROWS_MAX;
	if (advance(m))
		return OUTCOME_PENDING;
	rows_release(&r->rows);
	return OUTCOME_DONE;
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
