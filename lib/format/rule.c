#include "format/rule.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/decimal.h"

#define BLANKS " \t"
#define DIGITS "0123456789"
#define DROPS  "drops"
#define AFTER  "after"

/* How many characters of a rule a message shows. */
#define SHOWN_MAX 80

/* What may be written, for messages. */
static const char *
forms(unsigned takes)
{
	if (takes & RULE_AFTER)
		return "write NAME > NUMBER or NAME < NUMBER, with \"after "
		       "RECORDS\" behind it if you like, as in 'error_rate > "
		       "0.5 after 20'";
	if (takes & RULE_DROPS)
		return "write NAME < NUMBER, NAME > NUMBER or NAME drops "
		       "NUMBER, as in 'success_rate drops 0.02'";
	return "write NAME < NUMBER or NAME > NUMBER, as in 'success_rate < "
	       "0.9'";
}

static int
complain(
    char why[RULE_WHY_MAX], const char *text, const char *what, unsigned takes)
{
	snprintf(why, RULE_WHY_MAX, "is \"%.*s\", %s: %s", SHOWN_MAX, text,
	    what, forms(takes));
	return -1;
}

static const char *
skip_blanks(const char *text)
{
	return text + strspn(text, BLANKS);
}

/* Does the text begin with the word, and is the word's end there? */
static bool
begins_with(const char *text, const char *word)
{
	size_t len = strlen(word);

	return strncmp(text, word, len) == 0 &&
	    (text[len] == '\0' || strchr(BLANKS, text[len]) != NULL);
}

/* The word, between blanks, in the text; NULL: it is not there. */
static const char *
find_word(const char *text, const char *word)
{
	for (const char *at = text; (at = strpbrk(at, BLANKS)) != NULL;) {
		at = skip_blanks(at);
		if (begins_with(at, word))
			return at;
	}
	return NULL;
}

bool
rule_is_over(const struct rule *rule, const char *const *names, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		size_t name = strlen(names[i]);

		if (names[i][name - 1] == '/'
			? strncmp(rule->name, names[i], name) == 0 &&
			    rule->name[name] != '\0'
			: strcmp(rule->name, names[i]) == 0)
			return true;
	}
	return false;
}

/* Reads the comparison at `*text` and passes over it. False: it is none. */
static bool
take_comparison(const char **text, enum rule_comparison *comparison)
{
	const char *at = *text;
	bool equal = at[0] != '\0' && at[1] == '=';

	if (begins_with(at, DROPS)) {
		*comparison = RULE_DROPS;
		*text = at + strlen(DROPS);
		return true;
	}
	if (at[0] != '<' && at[0] != '>')
		return false;
	if (at[0] == '<')
		*comparison = equal ? RULE_AT_MOST : RULE_BELOW;
	else
		*comparison = equal ? RULE_AT_LEAST : RULE_ABOVE;
	*text = at + 1 + (equal ? 1 : 0);
	return true;
}

static int
take_name(struct rule *rule, const char *text, size_t len, unsigned takes,
    char why[RULE_WHY_MAX])
{
	const char *name = skip_blanks(text);

	len -= (size_t)(name - text);
	while (len > 0 && strchr(BLANKS, name[len - 1]) != NULL)
		len--;
	if (len == 0)
		return complain(why, text, "without a name", takes);
	if (strchr("=!", name[len - 1]) != NULL)
		return complain(why, text, "without a comparison", takes);
	if (len >= sizeof(rule->name))
		return complain(why, text, "with too long a name", takes);
	memcpy(rule->name, name, len);
	rule->name[len] = '\0';
	return 0;
}

/* The condition behind the number. */
static int
take_after(struct rule *rule, const char *text, const char *rest,
    unsigned takes, char why[RULE_WHY_MAX])
{
	const char *digits;
	size_t len;

	if (*rest == '\0')
		return 0;
	if ((takes & RULE_AFTER) == 0 || !begins_with(rest, AFTER))
		return complain(
		    why, text, "with something behind the number", takes);
	digits = skip_blanks(rest + strlen(AFTER));
	len = strspn(digits, DIGITS);
	errno = 0;
	rule->after = strtoull(digits, NULL, 10);
	if (len == 0 || *skip_blanks(digits + len) != '\0' || errno != 0)
		return complain(why, text,
		    "where a count of records must be behind \"after\"", takes);
	return 0;
}

int
rule_parse(
    struct rule *rule, const char *text, unsigned takes, char why[RULE_WHY_MAX])
{
	const char *sign = strpbrk(text, "<>");
	const char *at = sign != NULL ? sign : find_word(text, DROPS);
	const char *number, *end;

	memset(rule, 0, sizeof(*rule));
	number = at;
	if (at == NULL || !take_comparison(&number, &rule->comparison))
		return complain(why, text, "without a comparison", takes);
	if ((takes & (unsigned)rule->comparison) == 0)
		return complain(
		    why, text, "a comparison that is not known here", takes);
	if (take_name(rule, text, (size_t)(at - text), takes, why) != 0)
		return -1;
	number = skip_blanks(number);
	end = decimal_end(number + (*number == '+' || *number == '-'));
	rule->number = end != NULL ? strtod(number, NULL) : NAN;
	if (end == NULL || !isfinite(rule->number) ||
	    (*end != '\0' && strchr(BLANKS, *end) == NULL))
		return complain(why, text,
		    "where no number is behind the comparison", takes);
	if (rule->comparison == RULE_DROPS && rule->number < 0)
		return complain(
		    why, text, "where a drop must not be negative", takes);
	return take_after(rule, text, skip_blanks(end), takes, why);
}

bool
rule_holds(
    const struct rule *rule, double value, double before, uint64_t records)
{
	if (records < rule->after)
		return false;
	switch (rule->comparison) {
	case RULE_ABOVE:
		return value > rule->number;
	case RULE_AT_LEAST:
		return value >= rule->number;
	case RULE_BELOW:
		return value < rule->number;
	case RULE_AT_MOST:
		return value <= rule->number;
	case RULE_DROPS:
		return before - value > rule->number;
	}
	return false;
}
