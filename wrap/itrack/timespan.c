#include "wrap/itrack/timespan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/die.h"
#include "format/isotime.h"

#define SECOND_US INT64_C(1000000)
/* A century: more is a mistake. */
#define NUMBER_MAX (INT64_C(100) * 366 * 24 * 3600)
/* "2026-11-27" */
#define DATE_LENGTH 10

static const struct unit {
	char letter;
	int64_t seconds;
} units[] = {
    {'s', 1}, {'m', 60}, {'h', 3600}, {'d', 24 * 3600}, {'w', 7 * 24 * 3600}};

static int64_t
seconds_of(char letter)
{
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		if (units[i].letter == letter)
			return units[i].seconds;
	return 0;
}

int
timespan_duration(const char *text, int64_t *us, struct err *err)
{
	size_t digits = strspn(text, "0123456789");
	int64_t unit = digits > 0 ? seconds_of(text[digits]) : 0;
	char *number = xstrndup(text, digits);
	const char *wrong = NULL;
	int64_t n = strtonum(number, 0, NUMBER_MAX, &wrong);

	free(number);
	if (unit == 0 || wrong != NULL || text[digits + 1] != '\0' ||
	    n > NUMBER_MAX / unit)
		return err_set(err, -EINVAL,
		    "\"%.60s\" is no duration: a number and s, m, h, d or w, "
		    "as in 12h or 30d",
		    text);
	*us = n * unit * SECOND_US;
	return 0;
}

/* Does it say how far it is from UTC? Behind the date there is no other sign. */
static bool
has_offset(const char *text)
{
	const char *time = strlen(text) > DATE_LENGTH ? text + DATE_LENGTH : "";

	return strpbrk(time, "Zz+-") != NULL;
}

int
timespan_since(const char *text, int64_t now_us, int64_t *us, struct err *err)
{
	int64_t ago = 0;

	if (timespan_duration(text, &ago, NULL) == 0) {
		*us = now_us - ago;
		return 0;
	}
	if (isotime_parse(text, strlen(text), us) < 0)
		return err_set(err, -EINVAL,
		    "\"%.60s\" is neither a duration (12h, 30d) nor a time "
		    "(2026-11-27, 2026-11-27T13:00)",
		    text);
	if (!has_offset(text))
		*us = clock_from_local(*us);
	return 0;
}
