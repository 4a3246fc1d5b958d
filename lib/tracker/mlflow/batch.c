#include "tracker/mlflow/batch.h"

#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "format/jsonwrite.h"
#include "tracker/mlflow/limits.h"
#include "tracker/mlflow/names.h"
#include "tracker/mlflow/tags.h"

/* A key, or a param's value in characters of up to four bytes. */
#define TEXT_MAX_BYTES (64 * 1024 * 1024)

/* The request that is being written. */
struct builder {
	struct mlflow_batch *b;
	struct jsonwrite w;
	struct buf key, value;
	char *params[MLFLOW_PARAMS_MAX]; /* the keys that it has */
	size_t count[MLFLOW_KINDS];
};

void
mlflow_batch_init(struct mlflow_batch *b)
{
	*b = (struct mlflow_batch){0};
}

void
mlflow_batch_release(struct mlflow_batch *b)
{
	free(b->items);
	mlflow_batch_init(b);
}

static void
begin(struct mlflow_batch *b)
{
	b->len = b->at = b->sent = b->half_len = 0;
}

static void
add(struct mlflow_batch *b, enum mlflow_kind kind, size_t entry, size_t at)
{
	b->items = xgrow(b->items, b->len, &b->cap, sizeof *b->items);
	b->items[b->len++] = (struct mlflow_item){
	    .kind = kind, .entry = (uint32_t)entry, .at = (uint32_t)at};
}

/* How many items of this kind for this run the entry has. */
static size_t
items_of(const struct mlflow_names *names, enum mlflow_kind kind,
    const struct entry *e)
{
	if (kind == MLFLOW_METRIC && e->kind == ENTRY_METRICS &&
	    names->wanted(names->data, e->metrics.experiment))
		return e->metrics.len;
	if (kind == MLFLOW_PARAM && e->kind == ENTRY_PARAMS &&
	    names->wanted(names->data, e->params.experiment))
		return e->params.len;
	return 0;
}

void
mlflow_batch_fill(struct mlflow_batch *b, const struct entry *entries,
    size_t count, const struct mlflow_names *names)
{
	begin(b);
	b->entries = entries;
	b->names = names;
	for (int kind = MLFLOW_PARAM; kind <= MLFLOW_METRIC; kind++)
		for (size_t i = 0; i < count; i++) {
			size_t len = items_of(
			    names, (enum mlflow_kind)kind, &entries[i]);

			for (size_t k = 0; k < len; k++)
				add(b, (enum mlflow_kind)kind, i, k);
		}
}

void
mlflow_batch_tags(struct mlflow_batch *b, const struct mlflow_tags *tags)
{
	begin(b);
	b->tags = tags;
	for (size_t i = 0; i < tags->len; i++)
		add(b, MLFLOW_TAG, 0, i);
}

static bool
put_key(const struct mlflow_batch *b, const struct mlflow_item *item,
    struct buf *out)
{
	const struct mlflow_names *names = b->names;
	const struct entry *e;

	if (item->kind == MLFLOW_TAG) {
		buf_adds(out, b->tags->list[item->at].key);
		return false;
	}
	e = &b->entries[item->entry];
	if (item->kind == MLFLOW_PARAM)
		return mlflow_key(out,
		    names->prefix(names->data, e->params.experiment),
		    e->params.list[item->at].name);
	return mlflow_key(out,
	    names->prefix(names->data, e->metrics.experiment),
	    e->metrics.list[item->at].name);
}

void
mlflow_batch_key(const struct mlflow_batch *b, const struct mlflow_item *item,
    struct buf *out)
{
	put_key(b, item, out);
}

static void
note(const struct mlflow_names *names, const char *what, const char *key)
{
	char *line = xasprintf("%s: %s", key, what);

	names->note(names->data, line);
	free(line);
}

static void
note_key(const struct builder *m, const struct mlflow_item *item)
{
	const struct mlflow_names *names = m->b->names;
	const struct entry *e = &m->b->entries[item->entry];
	bool param = item->kind == MLFLOW_PARAM;
	char *line = mlflow_key_note(
	    names->prefix(names->data,
		param ? e->params.experiment : e->metrics.experiment),
	    param ? e->params.list[item->at].name
		  : e->metrics.list[item->at].name,
	    m->key.data);

	names->note(names->data, line);
	free(line);
}

static bool
has_param(const struct builder *m)
{
	for (size_t i = 0; i < m->count[MLFLOW_PARAM]; i++)
		if (strcmp(m->params[i], m->key.data) == 0)
			return true;
	return false;
}

static void
write_metric(struct builder *m, const struct mlflow_item *item)
{
	const struct mlflow_names *names = m->b->names;
	const struct entry *e = &m->b->entries[item->entry];
	struct jsonwrite *w = &m->w;

	JSONWRITE_KEY(w, "value");
	jsonwrite_double(w, e->metrics.list[item->at].value);
	JSONWRITE_KEY(w, "timestamp");
	jsonwrite_int(w, e->time_us > 0 ? e->time_us / 1000 : 0);
	JSONWRITE_KEY(w, "step");
	jsonwrite_int(w, entry_step(e, names->own_run(names->data)));
}

static void
write_param(struct builder *m, const struct mlflow_item *item)
{
	const struct entry *e = &m->b->entries[item->entry];
	struct buf text;

	buf_init(&text, TEXT_MAX_BYTES);
	value_text(&e->params.list[item->at].value, &text);
	buf_reset(&m->value);
	if (mlflow_text(&m->value, text.data, MLFLOW_PARAM_MAX))
		note(m->b->names, "the value was cut to 6000 characters",
		    m->key.data);
	buf_release(&text);
	jsonwrite_text_member(&m->w, "value", m->value.data);
}

static void
write_value(struct builder *m, const struct mlflow_item *item)
{
	jsonwrite_open(&m->w, '{');
	JSONWRITE_KEY(&m->w, "key");
	jsonwrite_text(&m->w, m->key.data);
	switch (item->kind) {
	case MLFLOW_METRIC:
		write_metric(m, item);
		break;
	case MLFLOW_PARAM:
		write_param(m, item);
		break;
	default:
		jsonwrite_text_member(
		    &m->w, "value", m->b->tags->list[item->at].value);
	}
	jsonwrite_close(&m->w, '}');
}

/* Returns false if the item belongs to the next request. */
static bool
write_item(struct builder *m, const struct mlflow_item *item)
{
	struct buf *out = m->w.out;
	size_t before = out->len;
	bool first = m->w.first;

	if (item->kind != MLFLOW_METRIC &&
	    m->count[item->kind] == MLFLOW_PARAMS_MAX)
		return false;
	buf_reset(&m->key);
	if (put_key(m->b, item, &m->key))
		note_key(m, item);
	/* A server refuses a request that has a param twice, even with equal
	 * values. */
	if (item->kind == MLFLOW_PARAM && has_param(m))
		return false;
	write_value(m, item);
	if (m->b->sent > 0 &&
	    (buf_overflowed(out) || out->len > MLFLOW_BODY_MAX)) {
		out->overflow = false;
		buf_truncate(out, before);
		m->w.first = first;
		return false;
	}
	if (item->kind == MLFLOW_PARAM)
		m->params[m->count[MLFLOW_PARAM]] = xstrdup(m->key.data);
	m->count[item->kind]++;
	m->b->sent++;
	return true;
}

/* "name":[item, ...] with the items of this kind that come next; nothing if
 * there is none. False: the request is full. */
static bool
write_list(struct builder *m, enum mlflow_kind kind, size_t end)
{
	static const char *const names[] = {"tags", "params", "metrics"};
	struct mlflow_batch *b = m->b;
	struct jsonwrite *w = &m->w;
	size_t before = w->out->len;
	bool first = w->first, room = true;

	if (b->at + b->sent == end || b->items[b->at + b->sent].kind != kind)
		return true;
	jsonwrite_open_member(w, names[kind], '[');
	while (room && b->at + b->sent < end &&
	    b->items[b->at + b->sent].kind == kind)
		room = write_item(m, &b->items[b->at + b->sent]);
	jsonwrite_close(w, ']');
	if (m->count[kind] == 0) {
		buf_truncate(w->out, before);
		w->first = first;
	}
	return room;
}

size_t
mlflow_batch_next(
    struct mlflow_batch *b, struct buf *body, const char *run_id, size_t limit)
{
	struct builder m = {.b = b};
	size_t end = b->half_len > 0 ? b->halves[b->half_len - 1] : b->len;

	if (limit > MLFLOW_ITEMS_MAX)
		limit = MLFLOW_ITEMS_MAX;
	if (end > b->at + limit)
		end = b->at + limit;
	b->sent = 0;
	buf_init(&m.key, TEXT_MAX_BYTES);
	buf_init(&m.value, TEXT_MAX_BYTES);
	buf_reset(body);
	jsonwrite_init(&m.w, body, JSONWRITE_COMPACT);
	jsonwrite_open(&m.w, '{');
	jsonwrite_text_member(&m.w, "run_id", run_id);
	for (int kind = 0; kind < MLFLOW_KINDS; kind++)
		if (!write_list(&m, (enum mlflow_kind)kind, end))
			break;
	jsonwrite_close(&m.w, '}');
	for (size_t i = 0; i < m.count[MLFLOW_PARAM]; i++)
		free(m.params[i]);
	buf_release(&m.key);
	buf_release(&m.value);
	return b->sent;
}

void
mlflow_batch_taken(struct mlflow_batch *b)
{
	b->at += b->sent;
	b->sent = 0;
	while (b->half_len > 0 && b->at >= b->halves[b->half_len - 1])
		b->half_len--;
}

const struct mlflow_item *
mlflow_batch_refused(struct mlflow_batch *b)
{
	const struct mlflow_item *item = &b->items[b->at];

	if (b->sent == 1) {
		mlflow_batch_taken(b);
		return item;
	}
	/* The second half ends where this request did, or is what follows. */
	if (b->half_len == 0 || b->halves[b->half_len - 1] > b->at + b->sent)
		b->halves[b->half_len++] = b->at + b->sent;
	b->halves[b->half_len++] = b->at + b->sent / 2;
	b->sent = 0;
	return NULL;
}

size_t
mlflow_batch_metrics(const struct mlflow_batch *b)
{
	size_t n = 0;

	for (size_t i = b->at; i < b->at + b->sent; i++)
		n += b->items[i].kind == MLFLOW_METRIC;
	return n;
}
