#include "wrap/itrack/compare/rules.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"

/* Digits behind these are the rounding of a subtraction: 0.9 to 0.88 is a drop of
 * 0.02, not of 0.02000000000000002. */
#define DIGITS 1e12

static const char *const names[] = {"success_rate", "error_rate", "total_count",
    "success_count", "error_count", "timeout_count", "scores/", "usage/",
    "latency_ms", "latency_p50_ms", "latency_p95_ms", "latency_p99_ms"};

#define NAMES (sizeof names / sizeof names[0])

static int
read_rule(struct rules *rules, const char *text, char why[RULES_WHY_MAX])
{
	struct rule *rule;
	char reason[RULE_WHY_MAX];

	rules->list =
	    xreallocarray(rules->list, rules->len + 1, sizeof rules->list[0]);
	rules->texts =
	    xreallocarray(rules->texts, rules->len + 1, sizeof rules->texts[0]);
	rule = &rules->list[rules->len];
	if (rule_parse(rule, text, RULE_COMPARES | RULE_DROPS, reason) != 0) {
		snprintf(why, RULES_WHY_MAX, "--fail-if %s", reason);
		return -1;
	}
	if (!rule_is_over(rule, names, NAMES)) {
		snprintf(why, RULES_WHY_MAX,
		    "--fail-if: no value has the name %.60s; known: "
		    "success_rate, error_rate, *_count, scores/NAME, "
		    "usage/NAME, latency_ms, latency_p50_ms, _p95_ms, _p99_ms",
		    rule->name);
		return -1;
	}
	rules->texts[rules->len++] = text;
	return 0;
}

int
rules_read(
    struct rules *rules, const struct options *options, char why[RULES_WHY_MAX])
{
	*rules = (struct rules){0};
	for (size_t i = 0; i < options->item_len; i++)
		if (options->items[i].id == OPT_FAIL_IF &&
		    read_rule(rules, options->items[i].value, why) != 0)
			return -1;
	return 0;
}

void
rules_release(struct rules *rules)
{
	free(rules->list);
	free(rules->texts);
	free(rules->outcomes);
}

static const struct result_row *
row_of(const struct result *result, const char *metric)
{
	for (size_t i = 0; i < result->row_len; i++)
		if (strcmp(result->overall[i].metric, metric) == 0)
			return &result->overall[i];
	return NULL;
}

static bool
is_paired(const char *metric)
{
	return strcmp(metric, RESULT_SUCCESS_RATE) == 0 ||
	    strncmp(metric, RESULT_SCORES, strlen(RESULT_SCORES)) == 0;
}

static void
take_values(struct rule_outcome *o, const struct rule *rule,
    const struct result *result, const struct figures *base,
    const struct figures *now)
{
	const struct result_row *row = row_of(result, rule->name);

	if (rule->comparison != RULE_DROPS) {
		o->value = figures_get(now, rule->name);
	} else if (!is_paired(rule->name)) {
		o->value = figures_get(now, rule->name);
		o->before = figures_get(base, rule->name);
	} else if (row != NULL) {
		o->value = row->now;
		o->before = row->base;
	}
}

void
rules_judge(struct rules *rules, const struct result *result,
    const struct figures *base, const struct figures *now)
{
	rules->outcomes = xreallocarray(rules->outcomes,
	    rules->outcome_len + rules->len + 1, sizeof rules->outcomes[0]);
	for (size_t i = 0; i < rules->len; i++) {
		const struct rule *rule = &rules->list[i];
		struct rule_outcome *o = &rules->outcomes[rules->outcome_len++];
		bool drops = rule->comparison == RULE_DROPS;
		double value;

		*o = (struct rule_outcome){
		    rules->texts[i], result->now, RULE_OPEN, NAN, NAN};
		take_values(o, rule, result, base, now);
		if (!isnan(o->value) && !(drops && isnan(o->before))) {
			value = drops
			    ? -round((o->before - o->value) * DIGITS) / DIGITS
			    : o->value;
			o->state = rule_holds(rule, value, 0, result->now->len)
			    ? RULE_BROKEN
			    : RULE_KEPT;
		}
		rules->broken += o->state == RULE_BROKEN;
		rules->open += o->state == RULE_OPEN;
	}
}

const char *
rules_state(enum rule_state state)
{
	return state == RULE_BROKEN ? "broken"
	    : state == RULE_KEPT    ? "kept"
				    : "open";
}
