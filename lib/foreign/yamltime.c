#include "foreign/yamltime.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/die.h"

#define TEXT_MAX      48
#define MICRO_DIGITS  6
#define MINUTES_A_DAY (24 * 60)

struct yaml_time {
	int year, month, day;
	bool has_clock;
	int hour, minute, second, micros;
	bool has_zone;
	int zone_minutes;
};

/* A number of `least` to `most` digits; false: other digits, or none. */
static bool
take_number(const char **at, size_t least, size_t most, int *number)
{
	size_t len = strspn(*at, "0123456789");

	if (len < least || len > most)
		return false;
	*number = 0;
	for (; len > 0; len--)
		*number = 10 * *number + (*(*at)++ - '0');
	return true;
}

static bool
take_char(const char **at, char c)
{
	if (**at != c)
		return false;
	(*at)++;
	return true;
}

/* A date alone has two digits in each place. */
static bool
take_date(const char **at, struct yaml_time *t)
{
	const char *start = *at;

	return take_number(at, 4, 4, &t->year) && take_char(at, '-') &&
	    take_number(at, 1, 2, &t->month) && take_char(at, '-') &&
	    take_number(at, 1, 2, &t->day) &&
	    (**at != '\0' || *at - start == 10);
}

/* Six digits; others are cut off. */
static void
take_fraction(const char **at, struct yaml_time *t)
{
	size_t len = strspn(*at, "0123456789");

	for (size_t i = 0; i < MICRO_DIGITS; i++)
		t->micros = 10 * t->micros + (i < len ? (*at)[i] - '0' : 0);
	*at += len;
}

static bool
take_zone(const char **at, struct yaml_time *t)
{
	int sign, hours, minutes = 0;

	*at += strspn(*at, " \t");
	t->has_zone = true;
	if (take_char(at, 'Z'))
		return true;
	sign = **at == '-' ? -1 : 1;
	if (!take_char(at, '-') && !take_char(at, '+'))
		return false;
	if (!take_number(at, 1, 2, &hours) ||
	    (take_char(at, ':') && !take_number(at, 2, 2, &minutes)))
		return false;
	t->zone_minutes = sign * (60 * hours + minutes);
	return true;
}

static bool
take_clock(const char **at, struct yaml_time *t)
{
	t->has_clock = true;
	if (**at == 'T' || **at == 't')
		(*at)++;
	else if (strspn(*at, " \t") == 0)
		return false;
	else
		*at += strspn(*at, " \t");
	if (!take_number(at, 1, 2, &t->hour) || !take_char(at, ':') ||
	    !take_number(at, 2, 2, &t->minute) || !take_char(at, ':') ||
	    !take_number(at, 2, 2, &t->second))
		return false;
	if (take_char(at, '.'))
		take_fraction(at, t);
	return **at == '\0' || take_zone(at, t);
}

static bool
parse(const char *text, struct yaml_time *t)
{
	*t = (struct yaml_time){.year = 0};
	return take_date(&text, t) && (*text == '\0' || take_clock(&text, t)) &&
	    *text == '\0';
}

static int
days_of(int year, int month)
{
	static const int days[] = {
	    31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

static bool
is_real(const struct yaml_time *t)
{
	return t->year >= 1 && t->month >= 1 && t->month <= 12 && t->day >= 1 &&
	    t->day <= days_of(t->year, t->month) && t->hour < 24 &&
	    t->minute < 60 && t->second < 60 &&
	    abs(t->zone_minutes) < MINUTES_A_DAY;
}

bool
yaml_time_looks(const char *text)
{
	struct yaml_time t;

	return parse(text, &t);
}

char *
yaml_time_text(const char *text)
{
	struct yaml_time t;
	struct buf out;

	if (!parse(text, &t) || !is_real(&t))
		return NULL;
	buf_init(&out, TEXT_MAX);
	buf_addf(&out, "%04d-%02d-%02d", t.year, t.month, t.day);
	if (t.has_clock)
		buf_addf(&out, " %02d:%02d:%02d", t.hour, t.minute, t.second);
	if (t.micros > 0)
		buf_addf(&out, ".%06d", t.micros);
	if (t.has_zone)
		buf_addf(&out, "%c%02d:%02d", t.zone_minutes < 0 ? '-' : '+',
		    abs(t.zone_minutes) / 60, abs(t.zone_minutes) % 60);
	return buf_steal(&out);
}
