/*
 * The running values of a run by their names, for rules over them: "success_rate",
 * "scores/NAME", and two that no point has, "error_rate" and "stalled".
 *
 *	rule = rule_values_find(d, rules, len, stalled_seconds, &value);
 *	if (rule != NULL) ...           rule->name has this value
 */
#ifndef MAPPING_RULE_VALUES_H
#define MAPPING_RULE_VALUES_H

#include <stdbool.h>
#include <stddef.h>

#include "format/rule.h"
#include "mapping/derive.h"

/* The seconds since the last record. */
#define RULE_STALLED "stalled"
/* The share of the records that are errors or timeouts. */
#define RULE_ERROR_RATE "error_rate"

/* The value over the records so far, over all experiments; false: there is none
 * by this name (yet). RULE_STALLED is none of them. */
bool rule_values_get(const struct derive *d, const char *name, double *value);

/* The i-th score in order of appearance, without "scores/", with its mean; NULL:
 * there is none. */
const char *rule_values_score(const struct derive *d, size_t i, double *value);

/* The first of the rules that holds now, with the value of its name; NULL: none
 * does. `stalled_seconds` below 0: nobody has measured it. */
const struct rule *rule_values_find(const struct derive *d,
    const struct rule *rules, size_t len, double stalled_seconds,
    double *value);

#endif
