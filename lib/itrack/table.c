/* Tables: rows and columns, in the form that the tracker takes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/die.h"
#include "format/jsonscan.h"
#include "format/jsonwrite.h"
#include "format/text.h"
#include "itrack/handle.h"

/* A table is written as one document. */
#define TABLE_BYTES_MAX ((size_t)256 * 1024 * 1024)

struct table {
	const char *name;
	const char *const *columns;
	size_t column_count;
	const struct itrack_value *cells;
	size_t rows;
};

static void
write_bytes(struct jsonwrite *w, const char *bytes)
{
	char *text = text_of_bytes(bytes != NULL ? bytes : "");

	jsonwrite_text(w, text);
	free(text);
}

static void
write_cell(struct jsonwrite *w, const struct itrack_value *v)
{
	struct json_span span;

	switch (v->type) {
	case ITRACK_BOOL:
		jsonwrite_bool(w, v->u.boolean);
		break;
	case ITRACK_INTEGER:
		jsonwrite_int(w, v->u.integer);
		break;
	case ITRACK_DOUBLE:
		jsonwrite_double(w, v->u.number);
		break;
	case ITRACK_TEXT:
		write_bytes(w, v->u.text);
		break;
	case ITRACK_JSON:
		if (v->u.json.json != NULL &&
		    jsonscan_whole(
			v->u.json.json, strlen(v->u.json.json), &span) == 0)
			jsonwrite_span(w, &span);
		else
			jsonwrite_null(w);
		break;
	default:
		jsonwrite_null(w);
	}
}

/* pandas' orient="split" without index, as mlflow.log_table() writes it. */
static void
write_table(struct buf *out, const struct table *table)
{
	const struct itrack_value *cell = table->cells;
	struct jsonwrite w;

	jsonwrite_init(&w, out, JSONWRITE_COMPACT);
	jsonwrite_open(&w, '{');
	jsonwrite_open_member(&w, "columns", '[');
	for (size_t i = 0; i < table->column_count; i++)
		write_bytes(&w, table->columns[i]);
	jsonwrite_close(&w, ']');
	jsonwrite_open_member(&w, "data", '[');
	for (size_t row = 0; row < table->rows; row++) {
		jsonwrite_open(&w, '[');
		for (size_t i = 0; i < table->column_count; i++)
			write_cell(&w, cell++);
		jsonwrite_close(&w, ']');
	}
	jsonwrite_close(&w, ']');
	jsonwrite_close(&w, '}');
}

/* Writes a line for each row: an object with the columns as members. */
static void
write_rows(struct buf *out, const struct table *table)
{
	const struct itrack_value *cell = table->cells;
	struct jsonwrite w;

	for (size_t row = 0; row < table->rows; row++) {
		jsonwrite_init(&w, out, JSONWRITE_COMPACT);
		w.nonfinite = JSONWRITE_BARE;
		jsonwrite_open(&w, '{');
		for (size_t i = 0; i < table->column_count; i++) {
			char *name = text_of_bytes(table->columns[i]);

			jsonwrite_key(&w, name);
			free(name);
			write_cell(&w, cell++);
		}
		jsonwrite_close(&w, '}');
		buf_addc(out, '\n');
	}
}

static int
log_rows(struct run *run, const struct table *table, const struct buf *bytes,
    struct err *err)
{
	char *path = run_keep_bytes(run, bytes, err);
	struct entry e;

	if (path == NULL)
		return err->code;
	entry_init(&e, ENTRY_TABLE, clock_wall_us());
	e.table.name = text_of_bytes(table->name);
	e.table.path = text_path_text(path);
	e.table.columns = xcalloc(table->column_count, sizeof *e.table.columns);
	for (size_t i = 0; i < table->column_count; i++)
		e.table.columns[e.table.column_len++] =
		    text_of_bytes(table->columns[i]);
	free(path);
	return run_log(run, &e, err);
}

static int
log_artifact(struct run *run, const struct table *table,
    const struct buf *bytes, struct err *err)
{
	char *text = text_of_bytes(table->name);
	char *name = xasprintf("%s.json", text);
	int result = run_log_bytes(run, bytes, name, "table", err);

	free(name);
	free(text);
	return result;
}

static int
check_columns(const struct table *table, struct err *err)
{
	for (size_t i = 0; i < table->column_count; i++)
		if (table->columns[i] == NULL || table->columns[i][0] == '\0')
			return err_set(
			    err, -EINVAL, "column %zu has no name", i);
	return 0;
}

static int
table_body(struct itrack_tracker *t, const void *arguments, struct err *err)
{
	const struct table *table = arguments;
	enum tables form = t->settings.kind->tables;
	struct buf bytes;
	int result;

	if (form == TABLES_NONE)
		return err_set(err, -ENOTSUP, "%s has no place for tables",
		    t->settings.kind->name);
	result = check_columns(table, err);
	if (result < 0 || table->rows == 0 || !t->settings.log_artifacts)
		return result;
	buf_init(&bytes, TABLE_BYTES_MAX);
	if (form == TABLES_ROWS)
		write_rows(&bytes, table);
	else
		write_table(&bytes, table);
	if (buf_overflowed(&bytes))
		result = err_set(err, -EMSGSIZE, "the table is too large");
	else if (form == TABLES_ROWS)
		result = log_rows(t->run, table, &bytes, err);
	else
		result = log_artifact(t->run, table, &bytes, err);
	buf_release(&bytes);
	return result;
}

/* Its seven parameters are what programs are linked against. */
int
/* NOLINTNEXTLINE(readability-function-size) */
itrack_log_table(struct itrack_tracker *t, const char *name,
    const char *const *columns, size_t column_count,
    const struct itrack_value *cells, size_t rows, struct itrack_error *err)
{
	struct table table = {name, columns, column_count, cells, rows};

	if (name == NULL || name[0] == '\0' || columns == NULL ||
	    column_count == 0 || (cells == NULL && rows > 0))
		return handle_refuse(
		    err, -EINVAL, "a table needs a name, columns and cells");
	return handle_call(t, HANDLE_LOG, table_body, &table, err);
}
