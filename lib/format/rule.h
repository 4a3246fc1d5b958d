/*
 * A rule over a value with a name, as a user writes it: "error_rate > 0.5 after
 * 20", "success_rate drops 0.02". --stop-if and --fail-if take rules. Pure; libc
 * only, because the launcher checks its options before it begins.
 */
#ifndef FORMAT_RULE_H
#define FORMAT_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rule_comparison {
	RULE_ABOVE = 1 << 0,    /* NAME > NUMBER */
	RULE_AT_LEAST = 1 << 1, /* NAME >= NUMBER */
	RULE_BELOW = 1 << 2,    /* NAME < NUMBER */
	RULE_AT_MOST = 1 << 3,  /* NAME <= NUMBER */
	RULE_DROPS = 1 << 4,    /* NAME drops NUMBER */
};

/* What a user of rules takes: any of the comparisons, and whether `after N` may
 * stand behind them. */
#define RULE_COMPARES                                     \
	((unsigned)RULE_ABOVE | (unsigned)RULE_AT_LEAST | \
	    (unsigned)RULE_BELOW | (unsigned)RULE_AT_MOST)
#define RULE_AFTER (1U << 5)

/* Longer than any metric's name that somebody types. */
#define RULE_NAME_MAX 256

struct rule {
	char name[RULE_NAME_MAX];
	enum rule_comparison comparison;
	double number;  /* finite; of RULE_DROPS not negative */
	uint64_t after; /* so many records must be there; 0: any number */
};

/* Room for any message of rule_parse(). */
#define RULE_WHY_MAX 400

/* Reads a rule; blanks may stand between its words, and must do so around
 * "drops" and "after". `takes`: of enum rule_comparison and RULE_AFTER.
 * Returns 0; -1: it is none, and `why` says what is wrong and what to write, as
 * the rest of a sentence about the text (`is "error_rate 0.5", without a
 * comparison: ...`), in ASCII if the text is. */
int rule_parse(struct rule *rule, const char *text, unsigned takes,
    char why[RULE_WHY_MAX]);

/* Does the rule hold for the value, when `records` records are there? Never for
 * a NaN. A value drops from `before`, which no other comparison reads. */
bool rule_holds(
    const struct rule *rule, double value, double before, uint64_t records);

/* Is the rule over one of these values? A name that ends in a slash begins those of
 * any number of them. */
bool rule_is_over(
    const struct rule *rule, const char *const *names, size_t len);

#endif
