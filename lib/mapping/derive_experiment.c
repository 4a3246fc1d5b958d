/* A new experiment of the run: whether its name needs its ID, because another has the
 * same model and probe; and when it and the first get their params under names of
 * their own. */
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "mapping/private.h"

/* Compares by the beginning of the values' names, because a name may itself
 * hold a slash. */
static int
compare_names(const struct follow *a, const struct follow *b)
{
	char *x = xasprintf(
	    "%s/%s", a->experiment->model_name, a->experiment->probe_name);
	char *y = xasprintf(
	    "%s/%s", b->experiment->model_name, b->experiment->probe_name);
	int order = strcmp(x, y);

	free(x);
	free(y);
	return order;
}

RB_GENERATE_INTERNAL(
    follow_tree, follow, link, compare_names, static __attribute__((unused)))

void
derive_add_params(
    const struct derive *d, struct entry *e, const struct experiment *x)
{
	const char *const params[][2] = {
	    {"experiment_id", x->id},
	    {"model_name", x->model_name},
	    {"model_provider", x->model_provider},
	    {"probe_name", x->probe_name},
	    {"probe_category", x->probe_category},
	};
	char *name;
	size_t i;

	for (i = 0; i < sizeof params / sizeof params[0]; i++) {
		name = xasprintf("%s%s", d->prefix, params[i][0]);
		entry_add_param_text(e, name, params[i][1]);
		free(name);
	}
}

static void
emit_params(struct derive *d, const struct experiment *x, bool plain_names,
    int64_t time_us)
{
	struct entry e;

	entry_init(&e, ENTRY_PARAMS, time_us);
	if (!plain_names)
		e.params.experiment = (int64_t)x->index;
	derive_add_params(d, &e, x);
	d->emit(&e, d->data);
}

static void
emit_experiment(struct derive *d, const struct experiment *x, int64_t time_us)
{
	struct follow *follow = xcalloc(1, sizeof *follow);
	struct entry e;

	d->follows = xgrow(
	    d->follows, d->follow_len, &d->follow_cap, sizeof(struct follow *));
	d->follows[d->follow_len++] = follow;
	follow->experiment = x;
	entry_init(&e, ENTRY_EXPERIMENT, time_us);
	e.experiment.index = (int64_t)x->index;
	e.experiment.id = xstrdup(x->id);
	e.experiment.model_name = xstrdup(x->model_name);
	e.experiment.model_provider = xstrdup(x->model_provider);
	e.experiment.probe_name = xstrdup(x->probe_name);
	e.experiment.probe_category = xstrdup(x->probe_category);
	e.experiment.harness = x->harness;
	e.experiment.name_has_id =
	    RB_INSERT(follow_tree, &d->by_name, follow) != NULL;
	d->emit(&e, d->data);
}

void
derive_begin_experiment(
    struct derive *d, const struct experiment *x, int64_t time_us)
{
	const struct mapping *m = &d->mapping;

	emit_experiment(d, x, time_us);
	if (m->live_len == 1) {
		/* The first experiment of a harness may follow plain
		 * records. */
		d->separate = false;
		if (!x->harness)
			emit_params(d, x, true, time_us);
		return;
	}
	if (m->live_len == 2)
		emit_params(d, mapping_experiment(m, 0), false, time_us);
	emit_params(d, x, false, time_us);
}
