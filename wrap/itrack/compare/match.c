#include "wrap/itrack/compare/match.h"

#include <stdlib.h>
#include <string.h>

#include "base/die.h"

/* A record that looks for its partner. */
struct seeker {
	const struct run_case *c;
	const char *name; /* by which it is known; NULL: by nothing */
	bool taken;
};

/* The records of one slice of one run. */
struct side {
	const char *model, *probe; /* NULL: there are none */
	struct seeker *seekers;
	size_t len, cap;
};

struct sides {
	struct side *list;
	size_t len;
	size_t apart;
};

static bool
is_side(const struct side *s, const char *model, const char *probe)
{
	return (model == NULL || strcmp(s->model, model) == 0) &&
	    strcmp(s->probe, probe) == 0;
}

static struct side *
find_side(const struct sides *sides, const char *model, const char *probe)
{
	for (size_t i = 0; i < sides->len; i++)
		if (is_side(&sides->list[i], model, probe))
			return &sides->list[i];
	return NULL;
}

static void
add_seeker(struct side *side, const struct run_case *c)
{
	side->seekers = xgrow(
	    side->seekers, side->len, &side->cap, sizeof side->seekers[0]);
	side->seekers[side->len++] = (struct seeker){.c = c};
}

/* Records of one experiment stand together as a rule, so the side of the one before
 * is tried first. */
static struct sides
split(const struct run *run)
{
	struct sides sides = {0};
	struct side *side = NULL;

	for (size_t i = 0; i < run->len; i++) {
		const struct run_case *c = &run->cases[i];
		const struct experiment *x = c->experiment;

		if (!run_case_counts(c)) {
			sides.apart++;
			continue;
		}
		if (side == NULL ||
		    !is_side(side, x->model_name, x->probe_name))
			side = find_side(&sides, x->model_name, x->probe_name);
		if (side == NULL) {
			sides.list = xreallocarray(
			    sides.list, sides.len + 1, sizeof sides.list[0]);
			side = &sides.list[sides.len++];
			*side = (struct side){
			    .model = x->model_name, .probe = x->probe_name};
		}
		add_seeker(side, c);
	}
	return sides;
}

/* Returns NULL if there is none or if there are several. */
static const char *
one_model(const struct sides *sides)
{
	for (size_t i = 1; i < sides->len; i++)
		if (strcmp(sides->list[i].model, sides->list[0].model) != 0)
			return NULL;
	return sides->len > 0 ? sides->list[0].model : NULL;
}

static int
compare_seekers(const void *a, const void *b)
{
	const struct seeker *x = a, *y = b;
	int order;

	if (x->name == NULL || y->name == NULL)
		return (x->name == NULL) - (y->name == NULL);
	order = strcmp(x->name, y->name);
	if (order != 0)
		return order;
	return (x->c->number > y->c->number) - (x->c->number < y->c->number);
}

/* Sorts the records by name, and returns how many have one; the others stand behind
 * these. */
static size_t
sort_by(struct side *side, bool by_key)
{
	size_t named = 0;

	for (size_t i = 0; i < side->len; i++) {
		struct seeker *s = &side->seekers[i];

		s->name = s->taken ? NULL : by_key ? s->c->key : s->c->example;
		named += s->name != NULL;
	}
	if (side->len > 0)
		qsort(side->seekers, side->len, sizeof side->seekers[0],
		    compare_seekers);
	return named;
}

static void
join(struct match_slice *slice, struct seeker *base, struct seeker *now,
    bool by_key)
{
	base->taken = now->taken = true;
	if (base->c->digest != now->c->digest) {
		slice->changed++;
		return;
	}
	slice->pairs[slice->len++] = (struct match_pair){base->c, now->c};
	slice->by_key += by_key;
}

/* Goes through both in the order of their names: of equal names the first meets the
 * first, the second the second. */
static void
join_by(
    struct match_slice *slice, struct side *base, struct side *now, bool by_key)
{
	size_t base_len = sort_by(base, by_key), now_len = sort_by(now, by_key);
	size_t i = 0, k = 0;

	while (i < base_len && k < now_len) {
		int order = strcmp(base->seekers[i].name, now->seekers[k].name);

		if (order == 0)
			join(slice, &base->seekers[i++], &now->seekers[k++],
			    by_key);
		else if (order < 0)
			i++;
		else
			k++;
	}
}

static size_t
count_alone(const struct side *side)
{
	size_t count = 0;

	for (size_t i = 0; side != NULL && i < side->len; i++)
		count += !side->seekers[i].taken;
	return count;
}

static int
compare_pairs(const void *a, const void *b)
{
	const struct match_pair *x = a, *y = b;

	return (x->base->number > y->base->number) -
	    (x->base->number < y->base->number);
}

static int
compare_examples(const void *a, const void *b)
{
	const struct match_pair *x = a, *y = b;

	return strcmp(x->base->example, y->base->example);
}

/* Leaves the pairs sorted by their examples. */
static size_t
count_repeated(struct match_slice *slice)
{
	size_t count = 0;

	qsort(
	    slice->pairs, slice->len, sizeof slice->pairs[0], compare_examples);
	for (size_t i = 1; i < slice->len; i++)
		count += compare_examples(
			     &slice->pairs[i - 1], &slice->pairs[i]) == 0;
	return count;
}

static void
add_slice(struct match *match, struct side *base, struct side *now)
{
	struct match_slice slice = {
	    .base_model = base != NULL ? base->model : NULL,
	    .model = now != NULL ? now->model : NULL,
	    .probe = base != NULL ? base->probe : now->probe,
	};

	if (base != NULL && now != NULL) {
		slice.pairs = xcalloc(base->len + 1, sizeof slice.pairs[0]);
		if (!match->across_models)
			join_by(&slice, base, now, true);
		join_by(&slice, base, now, false);
		slice.repeated = count_repeated(&slice);
		qsort(slice.pairs, slice.len, sizeof slice.pairs[0],
		    compare_pairs);
	}
	slice.only_base = count_alone(base);
	slice.only_now = count_alone(now);
	match->pairs += slice.len;
	match->by_key += slice.by_key;
	match->only_base += slice.only_base;
	match->only_now += slice.only_now;
	match->changed += slice.changed;
	match->repeated += slice.repeated;
	match->slices = xreallocarray(
	    match->slices, match->len + 1, sizeof match->slices[0]);
	match->slices[match->len++] = slice;
}

static void
release_sides(struct sides *sides)
{
	for (size_t i = 0; i < sides->len; i++)
		free(sides->list[i].seekers);
	free(sides->list);
}

void
match_runs(struct match *match, const struct run *base, const struct run *now)
{
	struct sides a = split(base), b = split(now);
	const char *base_model = one_model(&a), *model = one_model(&b);

	*match = (struct match){
	    .base_apart = a.apart,
	    .now_apart = b.apart,
	    .across_models = base_model != NULL && model != NULL &&
		strcmp(base_model, model) != 0,
	};
	for (size_t i = 0; i < a.len; i++)
		add_slice(match, &a.list[i],
		    find_side(&b, match->across_models ? NULL : a.list[i].model,
			a.list[i].probe));
	for (size_t i = 0; i < b.len; i++)
		if (find_side(&a, match->across_models ? NULL : b.list[i].model,
			b.list[i].probe) == NULL)
			add_slice(match, NULL, &b.list[i]);
	release_sides(&a);
	release_sides(&b);
}

void
match_release(struct match *match)
{
	for (size_t i = 0; i < match->len; i++)
		free(match->slices[i].pairs);
	free(match->slices);
}
