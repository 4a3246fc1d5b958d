#include "mapping/rule_values.h"

#include <math.h>
#include <string.h>

#include "mapping/private.h"

static bool
count_of(const struct derive *d, const char *name, double *value)
{
	const struct tally *t = &d->mapping.live;
	const struct {
		const char *name;
		double value;
	} counts[] = {
	    {"total_count", (double)t->total_count},
	    {"success_count", (double)t->success_count},
	    {"error_count", (double)t->error_count},
	    {"timeout_count", (double)t->timeout_count},
	    {"success_rate", t->total_count > 0 ? tally_success_rate(t) : NAN},
	    {RULE_ERROR_RATE, t->total_count > 0 ? tally_error_rate(t) : NAN},
	    {"observed/records_per_second", d->rate >= 0 ? d->rate : NAN},
	    {"observed/latency_ms", d->observed_ms >= 0 ? d->observed_ms : NAN},
	};

	for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
		if (strcmp(name, counts[i].name) == 0) {
			*value = counts[i].value;
			return !isnan(*value);
		}
	return false;
}

static bool
number_of(const struct numbers *names, const struct sums *sums, bool mean,
    const char *name, double *value)
{
	for (size_t i = 0; i < sums->len; i++) {
		if (sums->list[i].count == 0 ||
		    strcmp(names->keys[i], name) != 0)
			continue;
		*value = mean ? sum_mean(&sums->list[i]) : sums->list[i].sum;
		return isfinite(*value);
	}
	return false;
}

bool
rule_values_get(const struct derive *d, const char *name, double *value)
{
	return count_of(d, name, value) ||
	    number_of(&d->scores, &d->score_sums, true, name, value) ||
	    number_of(&d->usage, &d->usage_sums, false, name, value) ||
	    number_of(&d->errors, &d->error_sums, false, name, value);
}

const char *
rule_values_score(const struct derive *d, size_t i, double *value)
{
	const struct sums *sums = &d->score_sums;

	if (i >= sums->len)
		return NULL;
	*value = sum_mean(&sums->list[i]);
	return d->scores.keys[i] + strlen(d->scores.prefix);
}

const struct rule *
rule_values_find(const struct derive *d, const struct rule *rules, size_t len,
    double stalled_seconds, double *value)
{
	uint64_t records = d->mapping.record_count;

	for (size_t i = 0; i < len; i++) {
		bool there = strcmp(rules[i].name, RULE_STALLED) != 0
		    ? rule_values_get(d, rules[i].name, value)
		    : stalled_seconds >= 0;

		if (strcmp(rules[i].name, RULE_STALLED) == 0)
			*value = stalled_seconds;
		if (there && rule_holds(&rules[i], *value, 0, records))
			return &rules[i];
	}
	return NULL;
}
