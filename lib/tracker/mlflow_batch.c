#include "tracker/mlflow_batch.h"

#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "format/jsonwrite.h"
#include "tracker/mlflow_names.h"

/* A key, or a param's value in characters of up to four bytes. */
#define TEXT_MAX_BYTES (64 * 1024 * 1024)

/* The parts of one item, and the keys that the request has. */
struct builder {
	struct mlflow_batch *b;
	struct jsonwrite w;
	struct buf key, value;
	char *keys[MLFLOW_PARAMS_MAX];
	size_t key_count;
	size_t count;
};

static void
note(const struct mlflow_names *names, const char *what, const char *key)
{
	char *line = xasprintf("%s: %s", key, what);

	names->note(names->data, line);
	free(line);
}

static void
make_key(struct builder *m, int64_t experiment, const char *name)
{
	const struct mlflow_names *names = m->b->names;

	buf_reset(&m->key);
	if (mlflow_key(&m->key, names->prefix(names->data, experiment), name))
		note(names, "so named where MLflow refuses the original",
		    m->key.data);
}

static bool
has_key(const struct builder *m)
{
	for (size_t i = 0; i < m->key_count; i++)
		if (strcmp(m->keys[i], m->key.data) == 0)
			return true;
	return false;
}

static void
write_metric(
    struct builder *m, const struct entry *e, const struct metric *metric)
{
	struct jsonwrite *w = &m->w;

	jsonwrite_open(w, '{');
	JSONWRITE_KEY(w, "key");
	jsonwrite_text(w, m->key.data);
	JSONWRITE_KEY(w, "value");
	jsonwrite_double(w, metric->value);
	JSONWRITE_KEY(w, "timestamp");
	jsonwrite_int(w, e->time_us > 0 ? e->time_us / 1000 : 0);
	JSONWRITE_KEY(w, "step");
	jsonwrite_int(w, e->metrics.step);
	jsonwrite_close(w, '}');
}

static void
write_param(struct builder *m, const struct param *param)
{
	struct buf text;

	buf_init(&text, TEXT_MAX_BYTES);
	value_text(&param->value, &text);
	buf_reset(&m->value);
	if (mlflow_text(&m->value, text.data, MLFLOW_PARAM_MAX))
		note(m->b->names, "the value was cut to 6000 characters",
		    m->key.data);
	buf_release(&text);
	jsonwrite_open(&m->w, '{');
	jsonwrite_key(&m->w, "key");
	jsonwrite_text(&m->w, m->key.data);
	jsonwrite_key(&m->w, "value");
	jsonwrite_text(&m->w, m->value.data);
	jsonwrite_close(&m->w, '}');
	m->keys[m->key_count++] = xstrdup(m->key.data);
}

/* Writes the item at b->at; false: it belongs to the next request. */
static bool
write_item(struct builder *m, const struct entry *e)
{
	struct mlflow_batch *b = m->b;
	struct buf *out = m->w.out;
	size_t before = out->len;
	bool first = m->w.first;

	if (b->kind == MLFLOW_METRICS) {
		const struct metric *metric = &e->metrics.list[b->at.item];

		make_key(m, e->metrics.experiment, metric->name);
		write_metric(m, e, metric);
	} else {
		const struct param *param = &e->params.list[b->at.item];

		make_key(m, e->params.experiment, param->name);
		if (has_key(m))
			return false;
		write_param(m, param);
	}
	if (m->count > 0 &&
	    (buf_overflowed(out) || out->len > MLFLOW_BODY_MAX)) {
		out->overflow = false;
		buf_truncate(out, before);
		m->w.first = first;
		return false;
	}
	if (m->count++ == 0)
		b->first = b->at.entry;
	return true;
}

/* How many items of this kind for this run the entry has. */
static size_t
items(const struct mlflow_batch *b, const struct entry *e)
{
	const struct mlflow_names *names = b->names;

	if (b->kind == MLFLOW_METRICS)
		return e->kind == ENTRY_METRICS &&
			names->wanted(names->data, e->metrics.experiment)
		    ? e->metrics.len
		    : 0;
	return e->kind == ENTRY_PARAMS &&
		names->wanted(names->data, e->params.experiment)
	    ? e->params.len
	    : 0;
}

static void
write_items(struct builder *m, size_t limit)
{
	struct mlflow_batch *b = m->b;

	for (; b->at.entry < b->count; b->at.entry++, b->at.item = 0) {
		const struct entry *e = &b->entries[b->at.entry];
		size_t len = items(b, e);

		for (; b->at.item < len; b->at.item++)
			if (m->count == limit || !write_item(m, e))
				return;
	}
}

/* "name":[item, ...]; nothing if there is no item. Returns how many. */
static size_t
write_list(struct builder *m, const char *name, size_t limit)
{
	struct jsonwrite *w = &m->w;
	size_t before = w->out->len, count = m->count;
	bool first = w->first;

	jsonwrite_key(w, name);
	jsonwrite_open(w, '[');
	write_items(m, limit);
	jsonwrite_close(w, ']');
	if (m->count == count) {
		buf_truncate(w->out, before);
		w->first = first;
	}
	return m->count - count;
}

static size_t
less(size_t a, size_t b)
{
	return a < b ? a : b;
}

static void
write_lists(struct builder *m, size_t limit)
{
	struct mlflow_batch *b = m->b;
	size_t params = 0;

	if (b->kind == MLFLOW_PARAMS) {
		params =
		    write_list(m, "params", less(limit, MLFLOW_PARAMS_MAX));
		if (b->at.entry < b->count || (b->alone && params > 0))
			return;
		b->kind = MLFLOW_METRICS;
		b->at = (struct mlflow_place){0, 0};
	}
	b->mixed =
	    write_list(m, "metrics", less(limit, MLFLOW_ITEMS_MAX)) > 0 &&
	    params > 0;
}

size_t
mlflow_batch_next(struct mlflow_batch *b, struct buf *body, size_t limit)
{
	struct builder m = {.b = b};

	buf_init(&m.key, TEXT_MAX_BYTES);
	buf_init(&m.value, TEXT_MAX_BYTES);
	buf_reset(body);
	jsonwrite_init(&m.w, body, JSONWRITE_COMPACT);
	jsonwrite_open(&m.w, '{');
	jsonwrite_key(&m.w, "run_id");
	jsonwrite_text(&m.w, b->run_id);
	b->mixed = false;
	write_lists(&m, limit);
	jsonwrite_close(&m.w, '}');
	for (size_t i = 0; i < m.key_count; i++)
		free(m.keys[i]);
	buf_release(&m.key);
	buf_release(&m.value);
	return m.count;
}
