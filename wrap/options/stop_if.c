/* Decides which rules --stop-if takes: over which values, and with which
 * comparisons. */
#include "wrap/options/private.h"

#include <stdio.h>
#include <string.h>

#include "format/rule.h"

#define NONE "no"

/* The values of a run while it goes on; one that ends in a slash begins the names
 * of any number of them. */
static const char *const names[] = {"error_rate", "success_rate", "total_count",
    "success_count", "error_count", "timeout_count", "stalled",
    "observed/records_per_second", "observed/latency_ms", "scores/", "usage/",
    "errors/"};

#define NAMES (sizeof(names) / sizeof(names[0]))

static int
complain_of_name(struct parse *p, const char *label, const char *name)
{
	char hint[NEAREST_HINT_MAX];
	struct nearest nearest;

	nearest_init(&nearest, name);
	for (size_t i = 0; i < NAMES; i++)
		nearest_offer(&nearest, names[i]);
	nearest_hint(&nearest, "", hint);
	return options_complain(p,
	    "%s: no running value has the name %.60s%s%s", label, name, hint,
	    hint[0] != '\0' ? ""
			    : "; known: error_rate, success_rate, *_count, "
			      "stalled, scores/NAME, usage/NAME, errors/TYPE, "
			      "observed/*");
}

int
options_check_rule(struct parse *p, const char *label, const char *value)
{
	char why[RULE_WHY_MAX];
	struct rule rule;

	if (strcmp(value, NONE) == 0)
		return 0;
	if (rule_parse(&rule, value, RULE_COMPARES | RULE_AFTER, why) != 0)
		return options_complain(p, "%s %s", label, why);
	if (!rule_is_over(&rule, names, NAMES))
		return complain_of_name(p, label, rule.name);
	if (strcmp(rule.name, "stalled") == 0 &&
	    rule.comparison != RULE_ABOVE && rule.comparison != RULE_AT_LEAST)
		return options_complain(p,
		    "%s is \"%.60s\", but a run is stalled for more than some "
		    "seconds: write 'stalled > %g'",
		    label, value, rule.number);
	return 0;
}

int
options_add_rule(struct parse *p, const char *label, const char *value,
    enum option_source source)
{
	struct options *o = p->options;

	if (source > o->source[OPT_STOP_IF] || strcmp(value, NONE) == 0)
		o->stop_if_len = 0;
	if (strcmp(value, NONE) == 0)
		return 0;
	if (o->stop_if_len == OPTIONS_RULES_MAX)
		return options_complain(
		    p, "%s: more than %d rules", label, OPTIONS_RULES_MAX);
	o->stop_if[o->stop_if_len++] = value;
	return 0;
}
