#include "wrap/itrack/compare/figures.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"

static void
add(struct figures *f, const char *prefix, const char *name, double value)
{
	f->list = xreallocarray(f->list, f->len + 1, sizeof f->list[0]);
	f->list[f->len++] =
	    (struct figure){xasprintf("%s%s", prefix, name), value};
}

static void
add_numbers(struct figures *f, const char *prefix,
    const struct survey_numbers *numbers, bool mean)
{
	for (size_t i = 0; i < numbers->names.len; i++) {
		const struct sum *sum = survey_sum(numbers, NULL, i);

		if (sum != NULL)
			add(f, prefix, numbers->names.keys[i],
			    mean ? sum_mean(sum) : sum->sum);
	}
}

static void
add_latencies(struct figures *f, struct run *run)
{
	static const struct {
		const char *name;
		double share;
	} quantiles[] = {{"latency_p50_ms", 0.5}, {"latency_p95_ms", 0.95},
	    {"latency_p99_ms", 0.99}};
	double value;

	if (run->latency_ms.count == 0)
		return;
	add(f, "", "latency_ms", sum_mean(&run->latency_sum_ms));
	for (size_t i = 0; i < sizeof quantiles / sizeof quantiles[0]; i++)
		if (quantiles_get(&run->latency_ms, quantiles[i].share, &value))
			add(f, "", quantiles[i].name, value);
}

void
figures_read(struct figures *f, struct run *run)
{
	const struct tally *t = &run->survey.mapping.all;

	*f = (struct figures){0};
	if (t->total_count > 0) {
		add(f, "", "success_rate", tally_success_rate(t));
		add(f, "", "error_rate", tally_error_rate(t));
	}
	add(f, "", "total_count", (double)t->total_count);
	add(f, "", "success_count", (double)t->success_count);
	add(f, "", "error_count", (double)t->error_count);
	add(f, "", "timeout_count", (double)t->timeout_count);
	add_numbers(f, "scores/", &run->survey.scores, true);
	add_numbers(f, "usage/", &run->survey.usage, false);
	add_latencies(f, run);
}

void
figures_release(struct figures *f)
{
	for (size_t i = 0; i < f->len; i++)
		free(f->list[i].name);
	free(f->list);
	*f = (struct figures){0};
}

double
figures_get(const struct figures *f, const char *name)
{
	for (size_t i = 0; i < f->len; i++)
		if (strcmp(f->list[i].name, name) == 0)
			return f->list[i].value;
	return NAN;
}

static bool
has(const struct figures *f, const char *name)
{
	for (size_t i = 0; i < f->len; i++)
		if (strcmp(f->list[i].name, name) == 0)
			return true;
	return false;
}

const char *
figures_either(const struct figures *a, const struct figures *b, size_t i)
{
	if (i < a->len)
		return a->list[i].name;
	i -= a->len;
	for (size_t k = 0; k < b->len; k++)
		if (!has(a, b->list[k].name) && i-- == 0)
			return b->list[k].name;
	return NULL;
}
