/* Rules as somebody types them, and when they hold. */
#include <math.h>

#include "format/rule.h"
#include "tap.h"

#define ALL (RULE_COMPARES | (unsigned)RULE_DROPS | RULE_AFTER)

static void
is_rule(const char *text, const char *name, enum rule_comparison comparison,
    double number, unsigned long after)
{
	char why[RULE_WHY_MAX] = "";
	struct rule rule;

	ok(rule_parse(&rule, text, ALL, why) == 0 &&
		strcmp(rule.name, name) == 0 && rule.comparison == comparison &&
		rule.number == number && rule.after == after,
	    "%s: %s, %g, after %lu %s", text, name, number, after, why);
}

static void
is_none(const char *text, unsigned takes, const char *says)
{
	char why[RULE_WHY_MAX] = "";
	struct rule rule;

	ok(rule_parse(&rule, text, takes, why) != 0 &&
		strstr(why, says) != NULL && strstr(why, "write NAME") != NULL,
	    "\"%s\" is none: %s", text, why);
}

static bool
holds(const char *text, double value, double before, unsigned long records)
{
	char why[RULE_WHY_MAX];
	struct rule rule;

	return rule_parse(&rule, text, ALL, why) == 0 &&
	    rule_holds(&rule, value, before, records);
}

static void
test_forms(void)
{
	char longest[400], why[RULE_WHY_MAX];
	struct rule rule;

	is_rule("error_rate > 0.5 after 20", "error_rate", RULE_ABOVE, 0.5, 20);
	is_rule("usage/total_tokens > 2e6", "usage/total_tokens", RULE_ABOVE,
	    2e6, 0);
	is_rule("stalled>300", "stalled", RULE_ABOVE, 300, 0);
	is_rule("success_rate >= .9", "success_rate", RULE_AT_LEAST, 0.9, 0);
	is_rule(" success_rate<1. ", "success_rate", RULE_BELOW, 1, 0);
	is_rule("x <= -1.5E-3\tafter\t7 ", "x", RULE_AT_MOST, -0.0015, 7);
	is_rule("success_rate drops 0.02", "success_rate", RULE_DROPS, 0.02, 0);
	is_rule(
	    "scores/exact match < 1", "scores/exact match", RULE_BELOW, 1, 0);
	is_rule("errors/rain drops > 3", "errors/rain drops", RULE_ABOVE, 3, 0);
	is_none("", ALL, "without a comparison");
	is_none("error_rate", ALL, "without a comparison");
	is_none("error_rate = 0.5", ALL, "without a comparison");
	is_none("> 0.5", ALL, "without a name");
	is_none("error_rate >", ALL, "no number");
	is_none("error_rate > half", ALL, "no number");
	is_none("error_rate > nan", ALL, "no number");
	is_none("error_rate > 1e999", ALL, "no number");
	is_none("error_rate > 0x10", ALL, "no number");
	is_none("error_rate > 50%", ALL, "no number");
	is_none("error_rate > 0,5", ALL, "no number");
	is_none("error_rate > > 1", ALL, "no number");
	is_none("error_rate == 1", ALL, "without a comparison");
	is_none("error_rate =< 1", ALL, "without a comparison");
	is_none("error_rate > 0.5 after", ALL, "count of records");
	is_none("error_rate > 0.5 after -1", ALL, "count of records");
	is_none("error_rate > 0.5 after 20 records", ALL, "count of records");
	is_none("error_rate > 0.5 after 99999999999999999999", ALL,
	    "count of records");
	is_none("error_rate > 0.5 afterwards", ALL, "behind the number");
	is_none("success_rate drops -1", ALL, "negative");
	is_none("success_rate drops 0.1", RULE_COMPARES | RULE_AFTER,
	    "not known here");
	is_none("success_rate < 1 after 3", RULE_COMPARES, "behind the number");
	memset(longest, 'x', sizeof longest);
	memcpy(longest + sizeof longest - 4, "> 1", 4);
	is_none(longest, ALL, "too long");
	ok(rule_parse(&rule, longest + 140, ALL, why) != 0 &&
		rule_parse(&rule, longest + 141, ALL, why) == 0 &&
		strlen(rule.name) == RULE_NAME_MAX - 1,
	    "a name has at most %d bytes", RULE_NAME_MAX - 1);
}

static void
test_holds(void)
{
	ok(holds("x > 1", 1.5, 0, 0) && !holds("x > 1", 1, 0, 0), ">");
	ok(holds("x >= 1", 1, 0, 0) && !holds("x >= 1", 0.9, 0, 0), ">=");
	ok(holds("x < 1", 0.5, 0, 0) && !holds("x < 1", 1, 0, 0), "<");
	ok(holds("x <= 1", 1, 0, 0) && !holds("x <= 1", 1.1, 0, 0), "<=");
	ok(holds("x drops 0.25", 0.5, 1, 0) &&
		!holds("x drops 0.25", 0.75, 1, 0) &&
		!holds("x drops 0", 1, 0.5, 0),
	    "drops: by more than that");
	ok(!holds("x > 1 after 20", 2, 0, 19) &&
		holds("x > 1 after 20", 2, 0, 20),
	    "after: not before so many records");
	ok(!holds("x > 1", NAN, 0, 0) && !holds("x <= 1", NAN, 0, 0) &&
		!holds("x drops 0", NAN, 1, 0) &&
		!holds("x drops 0", 1, NAN, 0),
	    "never for a NaN");
	ok(holds("x > 1", INFINITY, 0, 0), "but for an infinity");
}

int
main(void)
{
	test_forms();
	test_holds();
	return done_testing();
}
