#include "tracker/otlp/experiments.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"

/* Under these names the cursor keeps them. */
#define COUNT           "experiments"
#define STATE_NAME_SIZE 48

static void
name_of(char name[STATE_NAME_SIZE], const char *what, size_t index)
{
	snprintf(name, STATE_NAME_SIZE, "%s.%zu", what, index);
}

static void
make_room(struct otlp_experiments *x, size_t len)
{
	if (len <= x->len)
		return;
	x->list = xreallocarray(x->list, len, sizeof *x->list);
	memset(x->list + x->len, 0, (len - x->len) * sizeof *x->list);
	x->len = len;
}

static char *
recall(const struct tracker *t, const char *what, size_t index)
{
	char name[STATE_NAME_SIZE];
	const char *text;

	name_of(name, what, index);
	text = tracker_recall(t, name);
	return text != NULL ? xstrdup(text) : NULL;
}

static void
remember(struct tracker *t, const char *what, size_t index, const char *text)
{
	char name[STATE_NAME_SIZE];

	if (text == NULL)
		return;
	name_of(name, what, index);
	tracker_remember_later(t, name, text);
}

void
otlp_experiments_recall(struct otlp_experiments *x, const struct tracker *t)
{
	const char *text = tracker_recall(t, COUNT);
	size_t len = text != NULL ? strtoul(text, NULL, 10) : 0;

	if (len > ENTRY_EXPERIMENT_MAX + 1)
		return;
	make_room(x, len);
	for (size_t i = 0; i < len; i++) {
		x->list[i].model = recall(t, "model", i);
		x->list[i].probe = recall(t, "probe", i);
		x->list[i].id = recall(t, "id", i);
	}
}

void
otlp_experiments_add(struct otlp_experiments *x, struct tracker *t,
    const struct entry_experiment *e)
{
	struct otlp_experiment *one;
	char count[STATE_NAME_SIZE];
	size_t i = (size_t)e->index;

	if (e->index < 0 || e->index > ENTRY_EXPERIMENT_MAX ||
	    (i < x->len && x->list[i].model != NULL))
		return;
	make_room(x, i + 1);
	one = &x->list[i];
	one->model = xstrdup(e->model_name != NULL ? e->model_name : "");
	one->probe = xstrdup(e->probe_name != NULL ? e->probe_name : "");
	if (e->name_has_id && e->id != NULL)
		one->id = xstrdup(e->id);
	remember(t, "model", i, one->model);
	remember(t, "probe", i, one->probe);
	remember(t, "id", i, one->id);
	snprintf(count, sizeof count, "%zu", x->len);
	tracker_remember_later(t, COUNT, count);
}

void
otlp_experiments_release(struct otlp_experiments *x)
{
	for (size_t i = 0; i < x->len; i++) {
		free(x->list[i].model);
		free(x->list[i].probe);
		free(x->list[i].id);
	}
	free(x->list);
	*x = (struct otlp_experiments){0};
}

static void
add_label(struct otlp_labels *labels, const char *name, const char *value)
{
	labels->list[labels->len++] = (struct otlp_label){name, value};
}

void
otlp_experiment_labels(
    const struct otlp_experiments *x, int64_t index, struct otlp_labels *labels)
{
	const struct otlp_experiment *one;

	if (index < 0 || (size_t)index >= x->len ||
	    x->list[index].model == NULL)
		return;
	one = &x->list[index];
	add_label(labels, OTLP_MODEL, one->model);
	add_label(labels, OTLP_PROBE, one->probe);
	if (one->id != NULL)
		add_label(labels, OTLP_EXPERIMENT, one->id);
}
