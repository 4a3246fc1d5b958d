#include "journal/entry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/die.h"
#include "format/jsonwrite.h"

/* A power of two. */
#define METRICS_FIRST 8

static void
release_pairs(struct pair *list, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		free(list[i].name);
		free(list[i].text);
	}
	free(list);
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

void
target_release(struct target *t)
{
	release_pairs(t->options, t->option_len);
	free(t->tracker);
	free(t->destination);
}

static void
release_texts(char **list, size_t len)
{
	for (size_t i = 0; i < len; i++)
		free(list[i]);
	free(list);
}

static void
release_start(struct entry_start *s)
{
	free(s->attempt);
	free(s->run_dir);
	free(s->config_path);
	free(s->project);
	free(s->experiment_name);
	free(s->run_name);
	free(s->notes);
	free(s->prefix);
	free(s->resumed_from);
	free(s->parent);
	free(s->open);
	release_texts(s->tags, s->tag_len);
	for (size_t i = 0; i < s->target_len; i++) {
		target_release(&s->targets[i]);
	}
	free(s->targets);
	free(s->host);
	free(s->boot_id);
	free(s->user);
	free(s->command);
	free(s->git_commit);
	free(s->git_remote);
	free(s->cwd);
	free(s->artifacts);
}

static void
release_params(struct entry_params *params)
{
	for (size_t i = 0; i < params->len; i++) {
		free(params->list[i].name);
		free(params->list[i].value.text);
	}
	free(params->list);
}

static void
release_metrics(struct entry_metrics *metrics)
{
	for (size_t i = 0; i < metrics->len; i++)
		free(metrics->list[i].name);
	free(metrics->list);
}

static void
release_experiment(struct entry_experiment *e)
{
	free(e->id);
	free(e->model_name);
	free(e->model_provider);
	free(e->probe_name);
	free(e->probe_category);
}

void
entry_init(struct entry *e, enum entry_kind kind, int64_t time_us)
{
	*e = (struct entry){.kind = kind, .time_us = clock_clamp_us(time_us)};
	switch (kind) {
	case ENTRY_PARAMS:
		e->params.experiment = ENTRY_NO_EXPERIMENT;
		break;
	case ENTRY_METRICS:
		e->metrics.experiment = ENTRY_NO_EXPERIMENT;
		break;
	case ENTRY_HISTOGRAM:
		e->histogram.experiment = ENTRY_NO_EXPERIMENT;
		break;
	default:
		break;
	}
}

void
entry_release(struct entry *e)
{
	switch (e->kind) {
	case ENTRY_START:
		release_start(&e->start);
		break;
	case ENTRY_RUN_ID:
		free(e->run_id);
		break;
	case ENTRY_PARAMS:
		release_params(&e->params);
		break;
	case ENTRY_EXPERIMENT:
		release_experiment(&e->experiment);
		break;
	case ENTRY_METRICS:
		release_metrics(&e->metrics);
		break;
	case ENTRY_ARTIFACT:
		free(e->artifact.name);
		free(e->artifact.type);
		free(e->artifact.path);
		free(e->artifact.kept);
		break;
	case ENTRY_TABLE:
		free(e->table.name);
		free(e->table.path);
		release_texts(e->table.columns, e->table.column_len);
		break;
	case ENTRY_HISTOGRAM:
		free(e->histogram.name);
		free(e->histogram.limits);
		free(e->histogram.counts);
		break;
	case ENTRY_REGISTER:
		free(e->registration.uri);
		free(e->registration.name);
		free(e->registration.id);
		break;
	case ENTRY_END:
		break;
	}
	memset(e, 0, sizeof *e);
}

void
entry_take_metric(struct entry *e, char *name, double value)
{
	struct entry_metrics *m = &e->metrics;

	/* Powers of two, and a first allocation that does for most. */
	if (m->len % METRICS_FIRST == 0 && (m->len & (m->len - 1)) == 0)
		m->list = xreallocarray(m->list,
		    m->len > 0 ? 2 * m->len : METRICS_FIRST, sizeof *m->list);
	m->list[m->len].name = name;
	m->list[m->len++].value = value;
}

void
entry_add_metric(struct entry *e, const char *name, double value)
{
	entry_take_metric(e, xstrdup(name), value);
}

/* The value to fill: that of the name's old place, or a new one. */
static struct value *
param_value(struct entry *e, const char *name)
{
	struct entry_params *p = &e->params;

	for (size_t i = 0; i < p->len; i++)
		if (strcmp(p->list[i].name, name) == 0) {
			free(p->list[i].value.text);
			p->list[i].value = (struct value){0};
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
		return buf_adds(out, v->text);
	}
	return 0;
}

const char *
run_status_name(enum run_status status)
{
	static const char *const names[] = {"finished", "failed", "killed"};

	return names[status];
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
