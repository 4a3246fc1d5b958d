#include "mapping/groups.h"

#include <stdlib.h>
#include <string.h>

#include "base/die.h"

static const char *
name_of(const struct groups *g, const struct experiment *x)
{
	return g->kind == GROUP_MODEL ? x->model_name : x->probe_name;
}

static int
compare(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* A run may have very many experiments, so they are sorted. */
void
groups_init(struct groups *g, const struct mapping *m, enum group_kind kind)
{
	size_t i;

	*g = (struct groups){.kind = kind};
	g->list = xcalloc(m->live_len + 1, sizeof g->list[0]);
	for (i = 0; i < m->live_len; i++)
		g->list[i] =
		    (struct group){.name = name_of(g, mapping_experiment(m, i)),
			.experiments = 1};
	qsort(g->list, m->live_len, sizeof g->list[0], compare);
	for (i = 0; i < m->live_len; i++)
		if (g->len > 0 &&
		    strcmp(g->list[g->len - 1].name, g->list[i].name) == 0)
			g->list[g->len - 1].experiments++;
		else
			g->list[g->len++] = g->list[i];
}

void
groups_release(struct groups *g)
{
	free(g->list);
	*g = (struct groups){0};
}

static struct group *
find(const struct groups *g, const char *name)
{
	struct group key = {.name = name};

	if (g->len == 0)
		return NULL;
	return bsearch(&key, g->list, g->len, sizeof key, compare);
}

static void
take(const char *name, const struct summary_group *said, void *data)
{
	struct group *group = find(data, name);

	if (group != NULL)
		group->said = *said;
}

void
groups_read(struct groups *g, const char *bytes, size_t len)
{
	summary_read(bytes, len,
	    g->kind == GROUP_MODEL ? "by_model" : "by_probe", take, g);
}

const struct group *
groups_find(const struct groups *g, const struct experiment *x)
{
	return find(g, name_of(g, x));
}
