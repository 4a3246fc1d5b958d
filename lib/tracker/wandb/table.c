#include "tracker/wandb/table.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "base/path.h"
#include "format/jsonscan.h"
#include "format/jsonwrite.h"
#include "format/text.h"

/* The longest line that is read; a longer one is no row. */
#define LINE_MAX_BYTES (64 * 1024 * 1024)
#define READ_BYTES     (256 * 1024)
/* A row of long cells. */
#define OUT_MAX_BYTES (256 * 1024 * 1024)
/* Hexadecimal digits of the digest that stand in the file's name. */
#define NAME_DIGITS 20
/* The value that points to the file: a path and a digest. */
#define VALUE_MAX_BYTES 4096

bool
wandb_table_text(struct jsonwrite *w, const char *text)
{
	char *clean = wandb_utf8(text);
	size_t len = strlen(clean);
	bool whole = len <= WANDB_CELL_MAX_BYTES;

	if (!whole) {
		len = WANDB_CELL_MAX_BYTES;
		while (len > 0 && ((unsigned char)clean[len] & 0xc0) == 0x80)
			len--;
		clean[len] = '\0';
	}
	jsonwrite_text(w, clean);
	free(clean);
	return whole;
}

/* A column has one type in W&B: containers are texts of JSON, and NaN, which
 * JSON has no number for, is null. */
bool
wandb_table_cell(struct jsonwrite *w, const struct json_span *value)
{
	struct buf text;
	double number;
	char *string;
	bool whole = true;

	switch (value->type) {
	case JSON_STRING:
		string = json_text_new(value);
		whole = wandb_table_text(w, string);
		free(string);
		break;
	case JSON_ARRAY:
	case JSON_OBJECT:
		buf_init(&text, 3 * (size_t)LINE_MAX_BYTES);
		text_from_bytes(&text, value->start, value->len);
		whole = wandb_table_text(w, text.data);
		buf_release(&text);
		break;
	case JSON_DOUBLE:
		if (json_double(value, &number) < 0 || !isfinite(number))
			jsonwrite_null(w);
		else
			jsonwrite_double(w, number);
		break;
	case JSON_NONE:
		jsonwrite_null(w);
		break;
	default:
		jsonwrite_raw(w, value->start, value->len);
	}
	return whole;
}

static void
write_row(struct wandb_table *t, const struct json_span *record)
{
	struct json_span value;
	struct jsonwrite w;
	size_t i;

	if (t->rows > 0)
		buf_addc(&t->out, ',');
	jsonwrite_init(&w, &t->out, JSONWRITE_COMPACT);
	jsonwrite_open(&w, '[');
	for (i = 0; i < (size_t)t->column_count; i++) {
		value = json_member(record, t->entry->columns[i]);
		t->cells_cut += !wandb_table_cell(&w, &value);
	}
	jsonwrite_close(&w, ']');
}

static void
take_line(struct wandb_table *t, const char *line, size_t len)
{
	struct json_span record;

	if (jsonscan_whole(line, len, &record) < 0 ||
	    record.type != JSON_OBJECT)
		return;
	if (t->rows == WANDB_TABLE_ROWS_MAX) {
		t->left_out++;
	} else {
		write_row(t, &record);
		t->rows++;
	}
}

static void
write_head(struct wandb_table *t)
{
	struct jsonwrite w;
	size_t i;

	buf_adds(&t->out, "{\"columns\":");
	jsonwrite_init(&w, &t->out, JSONWRITE_COMPACT);
	jsonwrite_open(&w, '[');
	for (i = 0; i < (size_t)t->column_count; i++)
		wandb_table_text(&w, t->entry->columns[i]);
	jsonwrite_close(&w, ']');
	buf_adds(&t->out, ",\"data\":[");
}

static int
flush(struct wandb_table *t, struct err *err)
{
	int result;

	if (buf_overflowed(&t->out))
		return err_set(err, -EMSGSIZE, "the table is too large");
	SHA256Update(&t->sha, (const uint8_t *)t->out.data, t->out.len);
	t->size += (int64_t)t->out.len;
	result = file_write_all(t->to, t->out.data, t->out.len, err);
	buf_reset(&t->out);
	return result;
}

void
wandb_table_open(struct wandb_table *t, const struct entry_table *entry, int to)
{
	*t = (struct wandb_table){.entry = entry, .to = to, .from = -1};
	buf_init(&t->chunk, LINE_MAX_BYTES);
	buf_init(&t->out, OUT_MAX_BYTES);
	SHA256Init(&t->sha);
}

int
wandb_table_begin(struct wandb_table *t, const struct entry_table *entry,
    int to, struct err *err)
{
	char *path = text_path_bytes(entry->path);

	wandb_table_open(t, entry, to);
	t->from = file_open_regular(AT_FDCWD, path, NULL, err);
	free(path);
	if (t->from < 0)
		return t->from;
	t->column_count = (int64_t)entry->column_len;
	t->cut = t->column_count > WANDB_TABLE_COLUMNS_MAX;
	if (t->cut)
		t->column_count = WANDB_TABLE_COLUMNS_MAX;
	write_head(t);
	return 0;
}

/* Whole lines only: what follows the last newline is torn. */
static void
take_lines(struct wandb_table *t)
{
	const char *line = t->chunk.data, *end;
	const char *behind = t->chunk.data + t->chunk.len;

	while ((end = memchr(line, '\n', (size_t)(behind - line))) != NULL) {
		take_line(t, line, (size_t)(end - line));
		line = end + 1;
	}
	buf_consume(&t->chunk, (size_t)(line - t->chunk.data));
}

static int
read_some(struct wandb_table *t, struct err *err)
{
	char *room = buf_reserve(&t->chunk, READ_BYTES);
	ssize_t n;

	if (room == NULL)
		return err_set(err, -EMSGSIZE,
		    "%s: a line is longer than %d bytes", t->entry->path,
		    LINE_MAX_BYTES);
	do
		n = read(t->from, room, READ_BYTES);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_errno(err, "%s", t->entry->path);
	buf_advance(&t->chunk, (size_t)n);
	t->ended = n == 0;
	return 0;
}

int
wandb_table_close(struct wandb_table *t, struct err *err)
{
	char *name;
	int result;

	buf_adds(&t->out, "]}");
	result = flush(t, err);
	SHA256End(&t->sha, t->sha256);
	name = path_encode(t->entry->name);
	t->name = xasprintf(
	    "media/table/%s_%.*s.table.json", name, NAME_DIGITS, t->sha256);
	free(name);
	return result;
}

int
wandb_table_step(struct wandb_table *t, struct err *err)
{
	int result = read_some(t, err);

	if (result < 0)
		return result;
	take_lines(t);
	result = flush(t, err);
	if (result < 0 || !t->ended)
		return result < 0 ? result : 1;
	return wandb_table_close(t, err);
}

enum outcome
wandb_table_outcome(int error)
{
	return file_is_unknown(error) ? OUTCOME_BLOCKED : OUTCOME_REJECTED;
}

void
wandb_table_say(const struct wandb_table *t, struct tracker *tracker)
{
	if (t->left_out > 0)
		tracker_note(tracker,
		    "W&B takes %d rows of a table: the rest is left out",
		    WANDB_TABLE_ROWS_MAX);
	if (t->cut)
		tracker_note(tracker,
		    "a table has %d columns at the most: the rest is left out",
		    WANDB_TABLE_COLUMNS_MAX);
	if (t->cells_cut > 0)
		tracker_altered(tracker,
		    "the table %s: cells of more than %d KiB are cut: %zu",
		    t->entry->name, WANDB_CELL_MAX_BYTES / 1024, t->cells_cut);
}

void
wandb_table_release(struct wandb_table *t)
{
	if (t->entry == NULL)
		return;
	if (t->from >= 0)
		close(t->from);
	free(t->name);
	buf_release(&t->chunk);
	buf_release(&t->out);
	*t = (struct wandb_table){.from = -1};
}

void
wandb_table_show(const struct wandb_table *t, struct wandb_values *summary)
{
	struct jsonwrite w;
	struct buf json;

	buf_init(&json, VALUE_MAX_BYTES);
	jsonwrite_init(&w, &json, JSONWRITE_COMPACT);
	jsonwrite_open(&w, '{');
	jsonwrite_text_member(&w, "_type", "table-file");
	jsonwrite_text_member(&w, "path", t->name);
	jsonwrite_text_member(&w, "sha256", t->sha256);
	jsonwrite_int_member(&w, "size", t->size);
	jsonwrite_int_member(&w, "ncols", t->column_count);
	jsonwrite_int_member(&w, "nrows", t->rows);
	jsonwrite_close(&w, '}');
	wandb_values_json(summary, t->entry->name, json.data);
	buf_release(&json);
}
