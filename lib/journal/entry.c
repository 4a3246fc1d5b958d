#include "journal/entry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "format/text.h"
#include "format/jsonwrite.h"
#include "journal/members.h"

/* A power of two. */
#define METRICS_FIRST 8

const char *
pairs_get(const struct pair *pairs, size_t len, const char *name)
{
	for (size_t i = 0; i < len; i++)
		if (strcmp(pairs[i].name, name) == 0)
			return pairs[i].text;
	return NULL;
}

const char *
target_option(const struct target *t, const char *name)
{
	return pairs_get(t->options, t->option_len, name);
}

void
target_copy(struct target *to, const struct target *from)
{
	*to = (struct target){.tracker = xstrdup(from->tracker)};
	to->options = xcalloc(from->option_len, sizeof *to->options);
	to->option_len = from->option_len;
	for (size_t i = 0; i < from->option_len; i++) {
		to->options[i].name = xstrdup(from->options[i].name);
		to->options[i].text = xstrdup(from->options[i].text);
	}
	if (from->destination != NULL)
		to->destination = xstrdup(from->destination);
}

/* The name is the entry's from now on, which const would not say. */
void
/* NOLINTNEXTLINE(readability-non-const-parameter) */
entry_take_metric(struct entry *e, char *name, double value)
{
	struct entry_metrics *m = &e->metrics;

	/* The room is doubled; the first allocation is enough for most. */
	if (m->len % METRICS_FIRST == 0 && (m->len & (m->len - 1)) == 0)
		m->list = xreallocarray(m->list,
		    m->len > 0 ? 2 * m->len : METRICS_FIRST, sizeof *m->list);
	m->list[m->len++] = (struct metric){.name = name, .value = value};
}

void
metric_write(struct jsonwrite *w, const struct metric *m)
{
	switch (m->form) {
	case METRIC_DOUBLE:
		jsonwrite_double(w, m->value);
		break;
	case METRIC_INTEGER:
		jsonwrite_int(w, m->integer);
		break;
	case METRIC_BOOL:
		jsonwrite_bool(w, m->value != 0);
		break;
	}
}

void
value_copy(struct value *to, const struct value *from)
{
	*to = *from;
	to->text = from->text != NULL ? xstrdup(from->text) : NULL;
	to->json = from->json != NULL ? xstrdup(from->json) : NULL;
}

void
value_release(struct value *v)
{
	free(v->text);
	free(v->json);
	*v = (struct value){0};
}

void
entry_add_metric(struct entry *e, const char *name, double value)
{
	entry_take_metric(e, xstrdup(name), value);
}

/* Returns the value to fill, in the name's old place or in a new one. */
static struct value *
param_value(struct entry *e, const char *name)
{
	struct entry_params *p = &e->params;

	for (size_t i = 0; i < p->len; i++)
		if (strcmp(p->list[i].name, name) == 0) {
			value_release(&p->list[i].value);
			return &p->list[i].value;
		}
	p->list = xreallocarray(p->list, p->len + 1, sizeof *p->list);
	p->list[p->len] = (struct param){.name = xstrdup(name)};
	return &p->list[p->len++].value;
}

void
entry_add_param_text(struct entry *e, const char *name, const char *text)
{
	struct value *v = param_value(e, name);

	v->type = VALUE_TEXT;
	v->text = xstrdup(text);
}

void
entry_add_param_integer(struct entry *e, const char *name, int64_t value)
{
	struct value *v = param_value(e, name);

	v->type = VALUE_INTEGER;
	v->integer = value;
}

void
entry_add_param_double(struct entry *e, const char *name, double value)
{
	struct value *v = param_value(e, name);

	v->type = VALUE_DOUBLE;
	v->number = value;
}

void
entry_add_param_bool(struct entry *e, const char *name, bool value)
{
	struct value *v = param_value(e, name);

	v->type = VALUE_BOOL;
	v->boolean = value;
}

void
entry_add_param_json(
    struct entry *e, const char *name, const char *text, const char *json)
{
	struct value *v = param_value(e, name);

	v->type = VALUE_JSON;
	v->text = xstrdup(text);
	v->json = xstrdup(json);
}

void
entry_add_param_null(struct entry *e, const char *name)
{
	param_value(e, name)->type = VALUE_NULL;
}

int
value_text(const struct value *v, struct buf *out)
{
	char number[PYFLOAT_SIZE];

	switch (v->type) {
	case VALUE_NULL:
		return buf_adds(out, "None");
	case VALUE_BOOL:
		return buf_adds(out, v->boolean ? "True" : "False");
	case VALUE_INTEGER:
		return buf_addf(out, "%lld", (long long)v->integer);
	case VALUE_DOUBLE:
		pyfloat_repr(number, v->number);
		return buf_adds(out, number);
	case VALUE_TEXT:
	case VALUE_JSON:
		return buf_adds(out, v->text);
	}
	return 0;
}

int64_t
entry_experiment_index(const struct entry *e)
{
	switch (e->kind) {
	case ENTRY_PARAMS:
		return e->params.experiment;
	case ENTRY_METRICS:
		return e->metrics.experiment;
	case ENTRY_HISTOGRAM:
		return e->histogram.experiment;
	default:
		return ENTRY_NO_EXPERIMENT;
	}
}

int64_t
entry_step(const struct entry *e, bool own_run)
{
	bool histogram = e->kind == ENTRY_HISTOGRAM;
	int64_t step = histogram ? e->histogram.step : e->metrics.step;
	int64_t own = histogram ? e->histogram.experiment_step
				: e->metrics.experiment_step;

	if (!histogram && e->metrics.sample > 0)
		return e->metrics.sample;
	return own_run && own > 0 ? own : step;
}

const char *
run_status_name(enum run_status status)
{
	return run_status_names[status];
}

int
entry_experiment_prefix(const struct entry_experiment *e, struct buf *out)
{
	buf_addf(out, "%s/%s/", e->model_name, e->probe_name);
	if (e->name_has_id)
		buf_addf(out, "%s/", e->id);
	return buf_overflowed(out) ? -EMSGSIZE : 0;
}

bool
entry_start_was_there(const struct entry_start *start)
{
	return start->source != SOURCE_IMPORT;
}

bool
entry_start_has_text(const struct entry_start *start)
{
	return start->records != NULL && strcmp(start->records, "text") == 0;
}
