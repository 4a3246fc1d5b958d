/*
 * The rules of --fail-if, applied to each run that is compared.
 *
 *	rules_read(&rules, options, why);     -1: one of them is none
 *	rules_judge(&rules, &result, &base_figures, &figures);  each run, in order
 *	... rules.outcomes ...
 *	rules_release(&rules);
 */
#ifndef WRAP_ITRACK_COMPARE_RULES_H
#define WRAP_ITRACK_COMPARE_RULES_H

#include "format/rule.h"
#include "wrap/itrack/compare/figures.h"
#include "wrap/itrack/compare/result.h"
#include "wrap/options/options.h"

#define RULES_WHY_MAX (RULE_WHY_MAX + RULE_NAME_MAX)

enum rule_state {
	RULE_KEPT,
	RULE_BROKEN, /* it holds, so the command fails */
	RULE_OPEN,   /* nothing tells: the run has no such value */
};

struct rule_outcome {
	const char *text; /* as it was given */
	const struct run *run;
	enum rule_state state;
	double value;  /* NaN: not known */
	double before; /* of a drop: the base's value; else NaN */
};

struct rules {
	struct rule *list;
	const char **texts;
	size_t len;
	struct rule_outcome *outcomes; /* run by run */
	size_t outcome_len;
	size_t broken, open;
};

int rules_read(struct rules *rules, const struct options *options,
    char why[RULES_WHY_MAX]);
void rules_release(struct rules *rules);

/* A drop of the success rate or of a score is that of the pairs; every other value is
 * that of the whole run. */
void rules_judge(struct rules *rules, const struct result *result,
    const struct figures *base, const struct figures *now);

/* "kept", "broken" or "open". */
const char *rules_state(enum rule_state state);

#endif
