#include "mapping/scores.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/die.h"

#define NONE SIZE_MAX

void
numbers_init(struct numbers *n, const char *prefix, size_t max)
{
	*n = (struct numbers){.prefix = prefix,
	    .max = max < NUMBERS_NAMES_MAX ? max : NUMBERS_NAMES_MAX};
}

void
numbers_release(struct numbers *n)
{
	size_t i;

	for (i = 0; i < n->len; i++)
		free(n->keys[i]);
	n->len = 0;
}

/* The index of a name. `guess` is tried first, because most records have their
 * names in the same order. */
static size_t
find(const struct numbers *n, const char *name, size_t len, size_t guess)
{
	size_t before = strlen(n->prefix), i, at;

	for (i = 0; i < n->len; i++) {
		at = (guess + i) % n->len;
		if (strncmp(n->keys[at] + before, name, len) == 0 &&
		    n->keys[at][before + len] == '\0')
			return at;
	}
	return NONE;
}

/* The name's index; a number makes a new one. */
static size_t
find_or_add(
    struct numbers *n, const char *name, size_t len, size_t guess, bool number)
{
	size_t at = find(n, name, len, guess);

	if (at != NONE || !number)
		return at;
	if (n->len == n->max) {
		n->left_out++;
		return NONE;
	}
	n->keys[n->len] = xasprintf("%s%.*s", n->prefix, (int)len, name);
	n->present[n->len] = false;
	return n->len++;
}

/* Notes a value under a name, a JSON string; returns the index where the next
 * name is expected. */
static size_t
note(struct numbers *n, const struct json_span *key, double number,
    bool is_number, size_t guess)
{
	struct buf text;
	const char *name = key->start + 1;
	size_t len = key->len - 2, at = NONE;

	buf_init(&text, NUMBERS_NAME_MAX_BYTES);
	if (!key->plain) {
		json_text(key, &text);
		name = text.data;
		len = text.len;
	}
	if (len > NUMBERS_NAME_MAX_BYTES || buf_overflowed(&text))
		n->left_out += is_number;
	else
		at = find_or_add(n, name, len, guess, is_number);
	if (at != NONE) {
		n->values[at] = number;
		n->present[at] = is_number;
		n->any |= is_number;
		guess = at + 1;
	}
	buf_release(&text);
	return guess;
}

static void
begin_record(struct numbers *n)
{
	if (n->any)
		memset(n->present, 0, sizeof n->present);
	n->any = false;
}

void
numbers_read(struct numbers *n, const struct json_span *object)
{
	struct json_span key, value;
	struct jsonscan s;
	size_t guess = 0;
	double number;
	bool is_number;

	begin_record(n);
	if (object->type != JSON_OBJECT)
		return;
	jsonscan_init_span(&s, object);
	jsonscan_enter(&s, '{');
	while (jsonscan_member(&s, &key) > 0) {
		if (jsonscan_value(&s, &value) < 0)
			continue;
		is_number =
		    json_double(&value, &number) == 0 && isfinite(number);
		guess = note(n, &key, is_number ? number : 0, is_number, guess);
	}
}

void
numbers_mark(struct numbers *n, const struct json_span *text)
{
	begin_record(n);
	if (text->type == JSON_STRING && json_truth(text))
		note(n, text, 1, true, 0);
}

void
sum_add(struct sum *s, double value)
{
	s->sum += value;
	s->small += value * SUM_SMALL;
	s->count++;
}

double
sum_mean(const struct sum *s)
{
	double mean = s->sum / (double)s->count;

	if (isfinite(mean) || s->count == 0)
		return mean;
	/* Rounding may lead past the largest double, which the mean can't. */
	mean = s->small / (double)s->count / SUM_SMALL;
	return fmax(-DBL_MAX, fmin(DBL_MAX, mean));
}

void
sums_add(struct sums *s, const struct numbers *n)
{
	size_t i;

	if (!n->any)
		return;
	if (s->len < n->len) {
		s->list = xreallocarray(s->list, n->len, sizeof s->list[0]);
		memset(
		    s->list + s->len, 0, (n->len - s->len) * sizeof s->list[0]);
		s->len = n->len;
	}
	for (i = 0; i < n->len; i++)
		if (n->present[i])
			sum_add(&s->list[i], n->values[i]);
}

void
sums_release(struct sums *s)
{
	free(s->list);
	*s = (struct sums){.list = NULL};
}
