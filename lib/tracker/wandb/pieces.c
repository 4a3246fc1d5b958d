#include "tracker/wandb/pieces.h"

#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "format/jsonwrite.h"

/* The rows of the batches that are not sent yet: a batch holds one long record
 * or 1 MiB of them. */
#define OUT_MAX_BYTES (512 * 1024 * 1024)
#define NAME          "records"

/* The fixed columns. Those of text are left out unless it was asked for. */
enum column {
	EXAMPLE_ID,
	MODEL,
	MODEL_ID,
	PROVIDER,
	PROBE,
	STATUS,
	ERROR_TYPE,
	LATENCY_MS,
	INPUT,
	EXPECTED,
	OUTPUT,
	ERROR,
	INPUT_DIGEST,
	MESSAGES_HASH,
	REPLICATE_KEY,
	OUTPUT_FINGERPRINT,
	COLUMN_COUNT
};

static const struct {
	const char *title;
	bool text;
} columns[COLUMN_COUNT] = {
    [EXAMPLE_ID] = {"example_id", false},
    [MODEL] = {"model", false},
    [MODEL_ID] = {"model_id", false},
    [PROVIDER] = {"provider", false},
    [PROBE] = {"probe", false},
    [STATUS] = {"status", false},
    [ERROR_TYPE] = {"error_type", false},
    [LATENCY_MS] = {"latency_ms", false},
    [INPUT] = {"input", true},
    [EXPECTED] = {"expected", true},
    [OUTPUT] = {"output", true},
    [ERROR] = {"error", true},
    [INPUT_DIGEST] = {"input_digest", false},
    [MESSAGES_HASH] = {"messages_hash", false},
    [REPLICATE_KEY] = {"replicate_key", false},
    [OUTPUT_FINGERPRINT] = {"output_fingerprint", false},
};

void
wandb_pieces_init(struct wandb_pieces *p)
{
	*p = (struct wandb_pieces){
	    .limit = WANDB_PIECE_BYTES, .ceiling = WANDB_PIECE_BYTES};
	buf_init(&p->out, OUT_MAX_BYTES);
}

static void
drop_titles(struct wandb_pieces *p)
{
	for (size_t i = 0; i < p->title_len; i++)
		free(p->titles[i]);
	free(p->titles);
	p->titles = NULL;
	p->title_len = 0;
}

void
wandb_pieces_release(struct wandb_pieces *p)
{
	drop_titles(p);
	buf_release(&p->out);
	free(p->rows);
	free(p->name);
	*p = (struct wandb_pieces){0};
}

static size_t
fixed_columns(const struct wandb_pieces *p)
{
	size_t n = 0;

	for (int i = 0; i < COLUMN_COUNT; i++)
		n += p->text || !columns[i].text;
	return n;
}

/* The place of a column behind the fixed ones, which is added if it is new;
 * SIZE_MAX: there is no more room. */
static size_t
find_title(struct wandb_pieces *p, char *title)
{
	for (size_t i = 0; i < p->title_len; i++)
		if (strcmp(p->titles[i], title) == 0) {
			free(title);
			return i;
		}
	if (fixed_columns(p) + p->title_len == WANDB_TABLE_COLUMNS_MAX) {
		p->cut = true;
		free(title);
		return SIZE_MAX;
	}
	p->titles =
	    xreallocarray(p->titles, p->title_len + 1, sizeof *p->titles);
	p->titles[p->title_len] = title;
	return p->title_len++;
}

static bool
is_number(const struct json_span *value)
{
	return value->type == JSON_INTEGER || value->type == JSON_DOUBLE ||
	    value->type == JSON_TRUE || value->type == JSON_FALSE;
}

/* Puts the members of an object into the cells of their columns: only numbers
 * unless texts were asked for. */
static void
take_members(struct wandb_pieces *p, const struct row *row, const char *name,
    bool text, struct json_span *cells)
{
	struct json_span object = json_member(&row->record, name), key, value;
	struct jsonscan s;

	if (object.type != JSON_OBJECT)
		return;
	jsonscan_init_span(&s, &object);
	jsonscan_enter(&s, '{');
	while (
	    jsonscan_member(&s, &key) > 0 && jsonscan_value(&s, &value) == 0) {
		char *member;
		size_t at;

		if (!text && !is_number(&value))
			continue;
		member = json_text_new(&key);
		at = find_title(p, xasprintf("%s.%s", name, member));
		free(member);
		if (at != SIZE_MAX)
			cells[at] = value;
	}
}

static bool
write_member(struct jsonwrite *w, const struct row *row, const char *object,
    const char *name)
{
	struct json_span value = row->record;

	if (object != NULL)
		value = json_member(&value, object);
	value = json_member(&value, name);
	return wandb_table_cell(w, &value);
}

static bool
write_text(struct jsonwrite *w, const char *text)
{
	if (text != NULL)
		return wandb_table_text(w, text);
	jsonwrite_null(w);
	return true;
}

/* False: the cell is cut. */
static bool
write_fixed(struct jsonwrite *w, const struct row *row, enum column column)
{
	const char *const texts[COLUMN_COUNT] = {
	    [EXAMPLE_ID] = row->example_id,
	    [MODEL] = row->model,
	    [MODEL_ID] = row->model_id,
	    [PROVIDER] = row->provider,
	    [PROBE] = row->probe,
	    [STATUS] = row->status,
	    [ERROR_TYPE] = row->error_type,
	    [ERROR] = row->error,
	    [INPUT_DIGEST] = row->input_digest,
	};

	switch (column) {
	case LATENCY_MS:
		return write_member(w, row, NULL, "latency_ms");
	case INPUT:
		return wandb_table_cell(w, &row->input);
	case EXPECTED:
		return wandb_table_cell(w, &row->reference);
	case OUTPUT:
		return row->output_text != NULL
		    ? wandb_table_text(w, row->output_text)
		    : wandb_table_cell(w, &row->output);
	case MESSAGES_HASH:
		return write_member(w, row, NULL, "messages_hash");
	case REPLICATE_KEY:
		return write_member(w, row, "custom", "replicate_key");
	case OUTPUT_FINGERPRINT:
		return write_member(w, row, "custom", "output_fingerprint");
	default:
		return write_text(w, texts[column]);
	}
}

static void
add_row(struct wandb_pieces *p, const struct row *row)
{
	struct json_span cells[WANDB_TABLE_COLUMNS_MAX] = {{.start = NULL}};
	size_t before = p->out.len;
	struct jsonwrite w;

	take_members(p, row, "scores", p->text, cells);
	take_members(p, row, "usage", false, cells);
	p->rows = xgrow(p->rows, p->row_len, &p->row_cap, sizeof *p->rows);
	jsonwrite_init(&w, &p->out, JSONWRITE_COMPACT);
	jsonwrite_open(&w, '[');
	for (int i = 0; i < COLUMN_COUNT; i++)
		if (p->text || !columns[i].text)
			p->cells_cut += !write_fixed(&w, row, (enum column)i);
	for (size_t i = 0; i < p->title_len; i++)
		p->cells_cut += !wandb_table_cell(&w, &cells[i]);
	p->scores_left_out += row->scores_left_out;
	p->rows[p->row_len++] =
	    (struct wandb_piece_row){.len = p->out.len - before,
		.cells = p->title_len,
		.number = row->number};
}

enum outcome
wandb_pieces_add(struct wandb_pieces *p, const struct entry_start *start,
    const struct entry *e, struct err *err)
{
	struct rows rows;
	enum outcome outcome = rows_open(&rows, start, e, err);

	if (outcome != OUTCOME_DONE)
		return outcome;
	p->text = entry_start_has_text(start);
	for (size_t i = 0; i < rows.len; i++) {
		struct row row;

		if (rows.list[i].number <= p->last)
			continue;
		rows_get(&rows, i, &row);
		add_row(p, &row);
		p->last = row.number;
		row_release(&row);
	}
	rows_release(&rows);
	return OUTCOME_DONE;
}

bool
wandb_pieces_is_due(const struct wandb_pieces *p, bool last)
{
	return p->row_len > 0 && (last || p->out.len >= p->limit);
}

const struct entry_table *
wandb_pieces_name(struct wandb_pieces *p)
{
	free(p->name);
	p->name = p->number == 0
	    ? xstrdup(NAME)
	    : xasprintf(NAME "-%jd", (intmax_t)p->number + 1);
	p->entry = (struct entry_table){.name = p->name};
	return &p->entry;
}

static void
write_head(const struct wandb_pieces *p, struct buf *out)
{
	struct jsonwrite w;

	buf_adds(out, "{\"columns\":");
	jsonwrite_init(&w, out, JSONWRITE_COMPACT);
	jsonwrite_open(&w, '[');
	for (int i = 0; i < COLUMN_COUNT; i++)
		if (p->text || !columns[i].text)
			jsonwrite_text(&w, columns[i].title);
	for (size_t i = 0; i < p->title_len; i++)
		wandb_table_text(&w, p->titles[i]);
	jsonwrite_close(&w, ']');
	buf_adds(out, ",\"data\":[");
}

/* Is the cell in this place of a row one of those that --records=text adds, if it is
 * a text? */
static bool
may_be_text(const struct wandb_pieces *p, size_t at)
{
	for (int i = 0; i < COLUMN_COUNT; i++)
		if ((p->text || !columns[i].text) && at-- == 0)
			return columns[i].text;
	return true;
}

/* The cells of a row, or those that are left of it. */
static void
add_cells(
    const struct wandb_pieces *p, const char *text, size_t len, struct buf *out)
{
	struct json_span cell;
	struct jsonscan s;
	struct buf whole;

	if (p->alone.form == ALONE_WHOLE) {
		buf_add(out, text, len);
		return;
	}
	buf_init(&whole, OUT_MAX_BYTES);
	buf_add(&whole, text, len);
	buf_addc(&whole, ']');
	jsonscan_init(&s, whole.data, whole.len);
	jsonscan_enter(&s, '[');
	for (size_t i = 0;
	     jsonscan_element(&s) > 0 && jsonscan_value(&s, &cell) == 0; i++) {
		buf_addc(out, i == 0 ? '[' : ',');
		if (p->alone.form == ALONE_PLACE ||
		    (cell.type == JSON_STRING && may_be_text(p, i)))
			buf_adds(out, "null");
		else
			buf_add(out, cell.start, cell.len);
	}
	buf_release(&whole);
}

/* As many rows as fit, at least one. A row that was written before a column
 * appeared lacks that one. */
void
wandb_pieces_write(struct wandb_pieces *p, struct wandb_table *table)
{
	const char *text = p->out.data;

	write_head(p, &table->out);
	for (p->writing = 0; p->writing < p->row_len; p->writing++) {
		const struct wandb_piece_row *row = &p->rows[p->writing];
		size_t lacking = p->title_len - row->cells;

		/* What the server fails at stays alone. */
		if (p->writing > 0 &&
		    (p->alone.failures > 0 || p->alone.form != ALONE_WHOLE))
			break;
		if (p->writing > 0 &&
		    table->out.len + row->len + 5 * lacking + 4 > p->limit)
			break;
		if (p->writing > 0)
			buf_addc(&table->out, ',');
		add_cells(p, text, row->len, &table->out);
		while (lacking-- > 0)
			buf_adds(&table->out, ",null");
		buf_addc(&table->out, ']');
		text += row->len;
	}
	p->written = table->out.len;
	table->rows = (int64_t)p->writing;
	table->column_count = (int64_t)(fixed_columns(p) + p->title_len);
	table->cut = p->cut;
}

void
wandb_pieces_drop(struct wandb_pieces *p, size_t n)
{
	size_t bytes = 0;

	for (size_t i = 0; i < n; i++)
		bytes += p->rows[i].len;
	buf_consume(&p->out, bytes);
	p->row_len -= n;
	memmove(p->rows, p->rows + n, p->row_len * sizeof *p->rows);
	p->writing = 0;
	/* The rows that are left have their cells in these columns. */
	if (p->row_len == 0)
		drop_titles(p);
}
