/*
 * The grammar is that of CPython 3.11's C code with all its oddities: where a
 * date can be read in two ways we read it in the same way as Python, and we
 * accept the same superfluous characters. Like Python, we read the UTF-8 form
 * of the string.
 */
#include "format/isotime.h"

#include <errno.h>

#include "base/buf.h"
#include "format/text.h"

#define YEAR_MAX        9999
#define US_PER_SECOND   1000000
#define SECONDS_PER_DAY 86400
/* The shortest date there is: YYYYWww. */
#define LENGTH_MIN 7
/* Days from 0001-01-01, which has the number 1, to 1970-01-01. */
#define EPOCH_ORDINAL 719163
/* 9999-12-31: the last day there is. */
#define LAST_ORDINAL 3652059

struct date {
	int year, month, day;
};

struct hms {
	int part[3]; /* hour, minute, second */
	int us;
	bool rest; /* the text went on behind it */
};

/* The text that is read byte by byte; as in Python, a NUL follows its end. */
struct text {
	const char *bytes;
	size_t len;
};

static char
at(const struct text *t, size_t i)
{
	return i < t->len ? t->bytes[i] : '\0';
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Reads `count` digits at *i. */
static bool
take_digits(const struct text *t, size_t *i, int count, int *value)
{
	*value = 0;
	for (; count > 0; count--, (*i)++) {
		if (!is_digit(at(t, *i)))
			return false;
		*value = *value * 10 + (at(t, *i) - '0');
	}
	return true;
}

static bool
is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int
days_in_month(int year, int month)
{
	static const char days[] = {
	    31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* The number of a day: 0001-01-01 is 1, a Monday. */
static int
ordinal(const struct date *d)
{
	int before = d->year - 1, month, days;

	days = before * 365 + before / 4 - before / 100 + before / 400 + d->day;
	for (month = 1; month < d->month; month++)
		days += days_in_month(d->year, month);
	return days;
}

/* The day of an ISO week, as date.fromisocalendar() takes it. */
static int
week_ordinal(int year, int week, int day, int *days)
{
	struct date first = {year, 1, 1};
	int first_ordinal, weekday, monday;

	if (year < 1 || year > YEAR_MAX || day < 1 || day > 7)
		return -EINVAL;
	first_ordinal = ordinal(&first);
	weekday = (first_ordinal + 6) % 7; /* Monday is 0 */
	/* A year has 53 weeks if it begins on a Thursday, or on a Wednesday in
	 * a leap year. */
	if (week < 1 || week > 53 ||
	    (week == 53 && weekday != 3 && !(weekday == 2 && is_leap(year))))
		return -EINVAL;
	/* Week 1 is the one with the first Thursday. */
	monday = first_ordinal - weekday + (weekday > 3 ? 7 : 0);
	*days = monday + (week - 1) * 7 + day - 1;
	return *days <= LAST_ORDINAL ? 0 : -EINVAL;
}

/* Returns where the date ends; the byte there, if any, is the separator. */
static int
find_separator(const struct text *t, size_t *place)
{
	size_t i;

	*place = 8; /* YYYYMMDD, YYYY-Www, YYYYWwwd */
	if (t->len == 7) {
		*place = 7;
	} else if (at(t, 4) == '-' && at(t, 5) != 'W') {
		*place = 10; /* YYYY-MM-DD */
	} else if (at(t, 4) == '-') {
		/* YYYY-Www-d, or YYYY-Www with a hyphen as separator */
		if (t->len == 9 && at(t, 8) == '-')
			return -EINVAL;
		if (at(t, 8) == '-' && !is_digit(at(t, 10)))
			*place = 10;
	} else if (at(t, 4) == 'W') {
		/* YYYYWww or YYYYWwwd: the digits of the time come in pairs, so
		 * an even or odd number of digits tells which one it is. */
		for (i = 7; i < t->len && is_digit(at(t, i)); i++)
			;
		if (i < 9)
			*place = i;
		else if (i % 2 == 0)
			*place = 7;
	}
	return 0;
}

static int
parse_date(const struct text *t, size_t end, int *days)
{
	struct date d = {0};
	int week, weekday = 1;
	size_t i = 0;
	bool hyphens;

	if (!take_digits(t, &i, 4, &d.year))
		return -EINVAL;
	hyphens = at(t, i) == '-';
	i += hyphens;
	if (at(t, i) == 'W') {
		i++;
		if (!take_digits(t, &i, 2, &week))
			return -EINVAL;
		if (i < end) {
			if (hyphens && at(t, i++) != '-')
				return -EINVAL;
			if (!take_digits(t, &i, 1, &weekday))
				return -EINVAL;
		}
		return week_ordinal(d.year, week, weekday, days);
	}
	if (!take_digits(t, &i, 2, &d.month))
		return -EINVAL;
	if (hyphens && at(t, i++) != '-')
		return -EINVAL;
	if (!take_digits(t, &i, 2, &d.day))
		return -EINVAL;
	if (d.year < 1 || d.month < 1 || d.month > 12 || d.day < 1 ||
	    d.day > days_in_month(d.year, d.month))
		return -EINVAL;
	*days = ordinal(&d);
	return 0;
}

/* Reads the digits behind the point, of which the first six count. */
static int
parse_fraction(const struct text *t, size_t i, size_t end, struct hms *out)
{
	size_t count = end - i < 6 ? end - i : 6, n;

	if (!take_digits(t, &i, (int)count, &out->us))
		return -EINVAL;
	for (n = count; n < 6; n++)
		out->us *= 10;
	while (is_digit(at(t, i)))
		i++;
	out->rest = at(t, i) != '\0';
	return 0;
}

/* HH[:MM[:SS[.fraction]]] with or without the colons, from i up to end. */
static int
parse_hms(const struct text *t, size_t i, size_t end, struct hms *out)
{
	bool colons = false;
	int part;
	char c;

	*out = (struct hms){.rest = false};
	for (part = 0; part < 3; part++) {
		if (!take_digits(t, &i, 2, &out->part[part]))
			return -EINVAL;
		c = at(t, i++);
		if (part == 0)
			colons = c == ':';
		if (i >= end) {
			out->rest = c != '\0';
			return 0;
		}
		if (c == '.' || c == ',')
			break;
		if (!colons)
			i--;
		else if (c != ':')
			return -EINVAL;
	}
	return parse_fraction(t, i, end, out);
}

static int64_t
hms_us(const struct hms *h)
{
	return ((h->part[0] * 60 + h->part[1]) * 60 + h->part[2]) *
	    (int64_t)US_PER_SECOND +
	    h->us;
}

/* The time from i on and its offset. */
static int
parse_time(const struct text *t, size_t i, int64_t *us)
{
	const int64_t day_us = (int64_t)SECONDS_PER_DAY * US_PER_SECOND;
	struct hms clock, offset = {.rest = false};
	size_t zone = i;

	while (zone < t->len && t->bytes[zone] != 'Z' &&
	    t->bytes[zone] != '+' && t->bytes[zone] != '-')
		zone++;
	if (parse_hms(t, i, zone, &clock) < 0 || clock.part[0] > 23 ||
	    clock.part[1] > 59 || clock.part[2] > 59)
		return -EINVAL;
	*us = hms_us(&clock);
	if (zone >= t->len)
		return clock.rest ? -EINVAL : 0;
	if (t->bytes[zone] == 'Z')
		return at(t, zone + 1) == '\0' ? 0 : -EINVAL;
	if (parse_hms(t, zone + 1, t->len, &offset) < 0 || offset.rest ||
	    hms_us(&offset) >= day_us)
		return -EINVAL;
	/* Python looks at the seconds to see whether there is an offset. */
	if (hms_us(&offset) < US_PER_SECOND)
		return 0;
	*us += t->bytes[zone] == '-' ? hms_us(&offset) : -hms_us(&offset);
	return 0;
}

/* How many bytes the separator has. */
static size_t
separator_length(char first)
{
	unsigned char c = (unsigned char)first;

	if (c < 0x80)
		return 1;
	return c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
}

static int
parse(const struct text *t, int64_t *us)
{
	size_t separator, behind;
	int64_t clock_us = 0;
	int days;

	if (t->len < LENGTH_MIN || find_separator(t, &separator) < 0 ||
	    parse_date(t, separator, &days) < 0)
		return -EINVAL;
	if (t->len > separator) {
		behind = separator + separator_length(t->bytes[separator]);
		if (parse_time(t, behind, &clock_us) < 0)
			return -EINVAL;
	}
	*us =
	    (int64_t)(days - EPOCH_ORDINAL) * SECONDS_PER_DAY * US_PER_SECOND +
	    clock_us;
	return 0;
}

/*
 * Takes the bytes that Python reads: U+0000 is one NUL. A lone surrogate may be
 * the separator and is read as T; elsewhere it is an error, because it has no
 * UTF-8 form.
 */
static int
python_utf8(struct buf *out, const char *text, size_t len)
{
	const char *p = text, *start;
	size_t place;
	bool replaced = false;
	uint32_t c;

	for (place = 0; p < text + len; place++) {
		start = p;
		c = text_next(&p);
		if (c < 0xD800 || c > 0xDFFF) {
			if (c == 0)
				buf_addc(out, '\0');
			else
				buf_add(out, start, (size_t)(p - start));
		} else if (!replaced &&
		    (place == 7 || place == 8 || place == 10)) {
			buf_addc(out, 'T');
			replaced = true;
		} else {
			return -EINVAL;
		}
	}
	return place < LENGTH_MIN ? -EINVAL : 0;
}

static bool
is_ascii(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if ((unsigned char)text[i] >= 0x80)
			return false;
	return true;
}

int
isotime_parse(const char *text, size_t len, int64_t *us)
{
	struct text t = {text, len};
	struct buf bytes;
	int r;

	if (is_ascii(text, len))
		return parse(&t, us);
	buf_init(&bytes, len);
	r = python_utf8(&bytes, text, len);
	t.bytes = bytes.data;
	t.len = bytes.len;
	if (r == 0)
		r = parse(&t, us);
	buf_release(&bytes);
	return r;
}
