#include "tracker/mlflow/tables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "base/folder.h"
#include "base/tempfile.h"
#include "format/jsonwrite.h"
#include "tracker/common/place.h"
#include "tracker/mlflow/private.h"
#include "tracker/mlflow/way.h"

#define FILE_NAME "records.json"
#define TAG       "mlflow.loggedArtifacts"
#define TAG_VALUE "[{\"path\":\"" FILE_NAME "\",\"type\":\"table\"}]"
#define END       "]}"
/* The state: rows were gathered; they are in the store. */
#define REMEMBERED "table"
#define GATHERED   "gathered"
#define STORED     "stored"
/* A row of a line of 64 MiB, all of it escapes, twice. */
#define ROW_BYTES   ((size_t)1024 * 1024 * 1024)
#define COPY_BYTES  65536
#define URL_BYTES   (256 * 1024)
#define PAGE_BYTES  (10 * 1024 * 1024)
#define FILE_MODE   0666
#define FOLDER_NAME "artifacts"

static void
put_columns(struct jsonwrite *w, bool text)
{
	static const char *const names[] = {"record", "example_id", "model",
	    "provider", "probe", "status", "error_type", "latency_ms",
	    "input_tokens", "output_tokens", "scores", "input_sha256"};
	static const char *const texts[] = {
	    "input", "expected_response", "output", "error"};

	jsonwrite_open_member(w, "columns", '[');
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		jsonwrite_text(w, names[i]);
	for (size_t i = 0; text && i < sizeof texts / sizeof texts[0]; i++)
		jsonwrite_text(w, texts[i]);
	jsonwrite_close(w, ']');
}

static void
put_tokens(struct jsonwrite *w, int64_t tokens)
{
	if (tokens == ROW_NO_TOKENS)
		jsonwrite_null(w);
	else
		jsonwrite_int(w, tokens);
}

static void
put_scores(struct jsonwrite *w, const struct row *row)
{
	jsonwrite_open(w, '{');
	for (size_t i = 0; i < row->score_len; i++) {
		const struct row_score *score = &row->scores[i];

		jsonwrite_key(w, score->name);
		if (score->type == ROW_SCORE_NUMBER)
			jsonwrite_double(w, score->number);
		else if (score->type == ROW_SCORE_BOOL)
			jsonwrite_bool(w, score->boolean);
		else
			jsonwrite_text(w, score->text);
	}
	jsonwrite_close(w, '}');
}

static void
put_row(struct jsonwrite *w, const struct row *row, bool text)
{
	jsonwrite_open(w, '[');
	jsonwrite_int(w, row->number);
	jsonwrite_text(w, row->example_id);
	jsonwrite_text(w, row->model);
	jsonwrite_text(w, row->provider);
	jsonwrite_text(w, row->probe);
	jsonwrite_text(w, row->status);
	jsonwrite_text(w, row->error_type);
	if (row->has_latency)
		jsonwrite_double(w, row->latency_ms);
	else
		jsonwrite_null(w);
	put_tokens(w, row->input_tokens);
	put_tokens(w, row->output_tokens);
	put_scores(w, row);
	jsonwrite_text(w, row->input_digest);
	if (text) {
		jsonwrite_span(w, &row->input);
		jsonwrite_span(w, &row->reference);
		if (row->output_text != NULL)
			jsonwrite_text(w, row->output_text);
		else
			jsonwrite_span(w, &row->output);
		jsonwrite_text(w, row->error);
	}
	jsonwrite_close(w, ']');
}

/* The table of the row's run; NULL: it can't be made. */
static struct mlflow_table *
table_of(struct mlflow *m, const struct row *row, struct err *err)
{
	struct mlflow_tables *t = &m->tables;
	const struct mlflow_child *child = NULL;
	int fd;

	if (tracker_has_own_run(m->tracker, row->experiment))
		child = mlflow_child_find(m, row->experiment);
	for (size_t i = 0; i < t->len; i++)
		if (t->list[i].child == child)
			return &t->list[i];
	fd = file_nameless(true, err);
	if (fd < 0)
		return NULL;
	t->list = xreallocarray(t->list, t->len + 1, sizeof *t->list);
	t->list[t->len] = (struct mlflow_table){.child = child, .fd = fd};
	return &t->list[t->len++];
}

int
mlflow_tables_add(struct mlflow *m, const struct row *row, struct err *err)
{
	bool text = entry_start_has_text(m->run->start);
	const char *state = tracker_recall(m->tracker, REMEMBERED);
	struct mlflow_table *t = table_of(m, row, err);
	struct jsonwrite w;
	struct buf out;
	int result;

	if (t == NULL)
		return err->code;
	if (state == NULL || strcmp(state, GATHERED) != 0)
		tracker_remember(m->tracker, REMEMBERED, GATHERED);
	buf_init(&out, ROW_BYTES);
	jsonwrite_init(&w, &out, JSONWRITE_COMPACT);
	if (t->size == 0) {
		jsonwrite_open(&w, '{');
		put_columns(&w, text);
		jsonwrite_open_member(&w, "data", '[');
	} else {
		jsonwrite_resume(&w, 2, false);
	}
	put_row(&w, row, text);
	jsonwrite_clean(out.data, out.len);
	result = lseek(t->fd, t->size, SEEK_SET) < 0
	    ? err_errno(err, "the table of records")
	    : file_write_all(t->fd, out.data, out.len, err);
	if (result == 0) {
		t->size += (int64_t)out.len;
		t->sent = false;
	}
	buf_release(&out);
	return result;
}

static struct mlflow_table *
next(const struct mlflow_tables *t)
{
	for (size_t i = 0; i < t->len; i++)
		if (!t->list[i].sent)
			return &t->list[i];
	return NULL;
}

/* Writes the end, which the next row replaces. Returns the size, or a negative
 * errno. */
static int64_t
close_table(const struct mlflow_table *t, struct err *err)
{
	int result = lseek(t->fd, t->size, SEEK_SET) < 0
	    ? err_errno(err, "the table of records")
	    : file_write_all(t->fd, END, strlen(END), err);

	return result < 0 ? result : t->size + (int64_t)strlen(END);
}

static int
copy(int from, int to, int64_t size, struct err *err)
{
	char bytes[COPY_BYTES];
	int64_t at = 0;
	int result = 0;

	while (at < size && result == 0) {
		ssize_t n = file_read_at(from, bytes, sizeof bytes, at);

		if (n <= 0)
			return err_set(err, n < 0 ? (int)n : -EIO,
			    "the table of records can't be read");
		result = file_write_all(to, bytes, (size_t)n, err);
		at += n;
	}
	return result;
}

/* Puts the table into the folder of its run. */
static int
place(const struct mlflow *m, const struct mlflow_table *t, int run,
    struct err *err)
{
	struct tempfile f = TEMPFILE_INIT;
	int64_t size = close_table(t, err);
	int dir = size < 0 ? -1 : folder_open(run, FOLDER_NAME, true, err);
	int result = dir < 0
	    ? err->code
	    : tempfile_open(&f, dir, FILE_NAME,
		  place_word(m->run->start->attempt), FILE_MODE, err);

	if (result == 0)
		result = copy(t->fd, f.fd, size, err);
	if (result == 0)
		result = tempfile_place(&f, dir, FILE_NAME, err);
	if (result == 0 && f.fd >= 0)
		close(f.fd);
	else
		tempfile_drop(&f);
	if (dir >= 0)
		close(dir);
	return result;
}

static void
stored(struct mlflow *m)
{
	if (next(&m->tables) == NULL && m->tables.len > 0)
		tracker_remember_later(m->tracker, REMEMBERED, STORED);
}

int
mlflow_tables_place(struct mlflow *m, struct err *err)
{
	struct mlflow_table *t;
	int result = 0;

	while (result == 0 && (t = next(&m->tables)) != NULL) {
		int run = mlruns_folder_of(m, t->child, err);

		result = run < 0 ? run : place(m, t, run, err);
		if (run >= 0)
			close(run);
		if (result == 0)
			result =
			    mlruns_tag_of(m, t->child, TAG, TAG_VALUE, err);
		t->sent = result == 0;
	}
	stored(m);
	return result;
}

static bool start_next(struct mlflow *m);

static const char *
run_of(const struct mlflow *m, const struct mlflow_table *t)
{
	return t->child != NULL && t->child->run_id != NULL ? t->child->run_id
							    : m->run_id;
}

/* Goes on behind a table that is there, or can't be. */
static void
settle(struct mlflow *m, const struct mlflow_answer *a)
{
	if (a != NULL &&
	    (a->outcome == OUTCOME_RETRY || a->outcome == OUTCOME_BLOCKED)) {
		m->tables.then(m, a);
		return;
	}
	if (a != NULL && a->outcome == OUTCOME_REJECTED)
		tracker_refused(m->tracker, FILE_NAME, a->err.message);
	m->tables.now->sent = true;
	if (!start_next(m))
		m->tables.then(m, NULL);
}

static void
tagged(struct mlflow *m, struct mlflow_answer *a)
{
	settle(m, a);
}

static void
uploaded(struct mlflow *m, struct mlflow_answer *a)
{
	struct mlflow_call *call = &m->calls[LANE_RECORDS];
	struct jsonwrite w;

	if (a->outcome != OUTCOME_DONE) {
		settle(m, a);
		return;
	}
	w = mlflow_begin_body(&call->body);
	jsonwrite_text_member(&w, "run_id", run_of(m, m->tables.now));
	jsonwrite_text_member(&w, "key", TAG);
	jsonwrite_text_member(&w, "value", TAG_VALUE);
	jsonwrite_close(&w, '}');
	mlflow_records_tag(m, tagged);
}

/* The place of the files of the table's run: that of the run of all, with
 * another ID. */
static char *
artifact_uri(const struct mlflow *m, const struct mlflow_table *t)
{
	const char *uri = m->artifact_uri != NULL ? m->artifact_uri : "";
	const char *at = strstr(uri, m->run_id);

	if (t->child == NULL || at == NULL)
		return xstrdup(uri);
	return xasprintf("%.*s%s%s", (int)(at - uri), uri, run_of(m, t),
	    at + strlen(m->run_id));
}

static void
put(struct mlflow *m, const char *path, int64_t size)
{
	struct buf url;

	buf_init(&url, URL_BYTES);
	buf_adds(&url, m->config.base);
	buf_adds(&url, "/api/2.0/mlflow-artifacts/artifacts/");
	http_escape(&url, path, "/");
	buf_adds(&url, "/" FILE_NAME);
	mlflow_records_file(
	    m, "PUT", url.data, m->tables.now->fd, size, uploaded);
	buf_release(&url);
}

static void
post_page(struct mlflow *m, int64_t size)
{
	char *url =
	    xasprintf("%s/ajax-api/2.0/mlflow/upload-artifact?run_uuid=%s"
		      "&path=" FILE_NAME,
		m->config.base, run_of(m, m->tables.now));

	mlflow_records_file(m, "POST", url, m->tables.now->fd, size, uploaded);
	free(url);
}

/* Starts the request for a table; false: it can't be sent. */
static bool
start(struct mlflow *m, struct err *err)
{
	struct mlflow_table *t = m->tables.now;
	int64_t size = close_table(t, err);
	char *uri = artifact_uri(m, t), *path = NULL;
	enum mlflow_way way =
	    mlflow_way(m->config.base, uri, run_of(m, t), &path, err);
	bool started = size >= 0 && way != MLFLOW_WAY_NONE;

	if (started && way == MLFLOW_WAY_PROXY)
		put(m, path, size);
	else if (started && size <= PAGE_BYTES)
		post_page(m, size);
	else if (started)
		started = err_set(err, -EFBIG,
			      "too large for the server's page, and its store "
			      "is out of reach") == 0;
	free(uri);
	free(path);
	return started;
}

/* false: none is left. */
static bool
start_next(struct mlflow *m)
{
	while ((m->tables.now = next(&m->tables)) != NULL) {
		struct err err = ERR_INIT;

		if (start(m, &err))
			return true;
		tracker_refused(m->tracker, FILE_NAME, err.message);
		m->tables.now->sent = true;
	}
	stored(m);
	return false;
}

bool
mlflow_tables_send(struct mlflow *m,
    void (*then)(struct mlflow *m, const struct mlflow_answer *failed))
{
	m->tables.then = then;
	return start_next(m);
}

/* The rows that the process gathered are gone with it. */
void
mlflow_tables_recall(struct mlflow *m)
{
	const char *state = tracker_recall(m->tracker, REMEMBERED);

	if (state != NULL && strcmp(state, GATHERED) == 0)
		tracker_send_anew(m->tracker);
}

void
mlflow_tables_release(struct mlflow *m)
{
	for (size_t i = 0; i < m->tables.len; i++)
		close(m->tables.list[i].fd);
	free(m->tables.list);
	m->tables = (struct mlflow_tables){0};
}
