#include "wrap/attempt/values.h"

#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "tracker/common/paramset.h"
#include "tracker/common/prefixes.h"
#include "wrap/attempt/private.h"

static int
compare_names(const struct named_value *a, const struct named_value *b)
{
	return strcmp(a->name, b->name);
}

RB_GENERATE_INTERNAL(value_tree, named_value, link, compare_names,
    static __attribute__((unused)))

/* What is read so far. */
struct reading {
	struct values *values;
	struct prefixes prefixes;
	size_t experiments;
};

/* The value of that name, made if it is new. Takes the name over. */
static struct value *
place_of(struct value_tree *tree, char *name)
{
	struct named_value *n = xcalloc(1, sizeof *n), *there;

	n->name = name;
	there = RB_INSERT(value_tree, tree, n);
	if (there == NULL)
		return &n->value;
	free(n->name);
	free(n);
	return &there->value;
}

/* Are the own values of this experiment kept? */
static bool
is_kept(const struct reading *r, int64_t experiment)
{
	return experiment == ENTRY_NO_EXPERIMENT ||
	    (experiment >= 0 && (uint64_t)experiment < r->experiments);
}

static void
take_metrics(struct reading *r, const struct entry_metrics *m)
{
	const char *prefix = prefixes_of(&r->prefixes, m->experiment);

	for (size_t i = 0; i < m->len && is_kept(r, m->experiment); i++)
		*place_of(&r->values->metrics,
		    xasprintf("%s%s", prefix, m->list[i].name)) =
		    (struct value){
			.type = VALUE_DOUBLE, .number = m->list[i].value};
}

static void
take_params(struct reading *r, const struct entry_params *p)
{
	const char *prefix = prefixes_of(&r->prefixes, p->experiment);

	for (size_t i = 0; i < p->len && is_kept(r, p->experiment); i++) {
		struct value *value = place_of(&r->values->params,
		    xasprintf("%s%s", prefix, p->list[i].name));

		value_release(value);
		value_copy(value, &p->list[i].value);
	}
}

static void
take(struct reading *r, const struct entry *e)
{
	switch (e->kind) {
	case ENTRY_EXPERIMENT:
		if (is_kept(r, e->experiment.index))
			prefixes_name(&r->prefixes, &e->experiment);
		else
			r->values->left_out++;
		break;
	case ENTRY_METRICS:
		take_metrics(r, &e->metrics);
		break;
	case ENTRY_PARAMS:
		take_params(r, &e->params);
		break;
	default:
		break;
	}
}

int
values_read(struct values *v, const struct attempt *a, size_t experiments,
    struct err *err)
{
	struct reading r = {.values = v, .experiments = experiments};
	struct journal_reader reader;
	struct entry e;
	int result;

	*v = (struct values){0};
	RB_INIT(&v->metrics);
	RB_INIT(&v->params);
	journal_reader_init(&reader, a->journal);
	while ((result = journal_read(&reader, &e, err)) > 0) {
		take(&r, &e);
		entry_release(&e);
	}
	journal_reader_release(&reader);
	prefixes_release(&r.prefixes);
	return result;
}

static void
free_tree(struct value_tree *tree)
{
	struct named_value *n, *next;

	RB_FOREACH_SAFE (n, value_tree, tree, next) {
		RB_REMOVE(value_tree, tree, n);
		value_release(&n->value);
		free(n->name);
		free(n);
	}
}

void
values_release(struct values *v)
{
	free_tree(&v->metrics);
	free_tree(&v->params);
}

bool
values_metric(const struct values *v, const char *name, double *value)
{
	struct named_value key = {.name = (char *)name}, *found;

	found = RB_FIND(value_tree, (struct value_tree *)&v->metrics, &key);
	if (found == NULL)
		return false;
	*value = found->value.number;
	return true;
}

const struct named_value *
values_next_metric(const struct values *v, const struct named_value *n)
{
	if (n == NULL)
		return RB_MIN(value_tree, (struct value_tree *)&v->metrics);
	return RB_NEXT(value_tree, &v->metrics, (struct named_value *)n);
}

static void
write_tree(
    struct jsonwrite *w, const char *name, const struct value_tree *values)
{
	struct named_value *n;

	jsonwrite_open_member(w, name, '{');
	RB_FOREACH (n, value_tree, (struct value_tree *)values) {
		jsonwrite_key(w, n->name);
		paramset_write_value(w, &n->value);
	}
	jsonwrite_close(w, '}');
}

void
values_write(const struct values *v, struct jsonwrite *w)
{
	write_tree(w, "metrics", &v->metrics);
	write_tree(w, "params", &v->params);
	jsonwrite_int_member(w, "experiments_left_out", (int64_t)v->left_out);
}
