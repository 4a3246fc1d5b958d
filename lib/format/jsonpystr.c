/*
 * Python's str() of a JSON value (json_pystr of jsonscan.h).
 */
#include "format/jsonscan.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "format/jsonwrite.h"
#include "format/printable.h"
#include "format/text.h"

/* A raw byte may become the three of U+FFFD. */
#define GROWTH_MAX 3

/* One member as it stands in the output: "KEY: " and its value. */
struct member {
	size_t key, key_len;
	size_t value, value_len;
	size_t index;
	bool dropped; /* a later member of this name replaced it */
};

struct members {
	struct member *list;
	size_t len, cap;
};

static int add_value(struct jsonscan *s, struct buf *out);

static void
add_character(struct buf *out, uint32_t c, char quote)
{
	if (c == (uint32_t)quote || c == '\\')
		buf_addf(out, "\\%c", (int)c);
	else if (c == '\n')
		buf_adds(out, "\\n");
	else if (c == '\r')
		buf_adds(out, "\\r");
	else if (c == '\t')
		buf_adds(out, "\\t");
	else if (printable(c))
		text_put(out, c);
	else if (c < 0x100)
		buf_addf(out, "\\x%02" PRIx32, c);
	else if (c < 0x10000)
		buf_addf(out, "\\u%04" PRIx32, c);
	else
		buf_addf(out, "\\U%08" PRIx32, c);
}

/* Python's repr() of a string. */
static void
add_string(struct buf *out, const struct json_span *span)
{
	struct buf text;
	const char *p;
	char quote = '\'';

	buf_init(&text, span->len * GROWTH_MAX);
	json_text(span, &text);
	if (strchr(text.data, '\'') != NULL && strchr(text.data, '"') == NULL)
		quote = '"';
	buf_addc(out, quote);
	for (p = text.data; *p != '\0';)
		add_character(out, text_next(&p), quote);
	buf_addc(out, quote);
	buf_release(&text);
}

static int
add_number(struct buf *out, const struct json_span *span)
{
	char text[PYFLOAT_SIZE];
	double value;

	if (span->type == JSON_INTEGER) {
		/* The integer -0 is 0. */
		if (span->len == 2 && memcmp(span->start, "-0", 2) == 0)
			return buf_addc(out, '0');
		return buf_add(out, span->start, span->len);
	}
	json_double(span, &value);
	return buf_add(out, text, (size_t)pyfloat_repr(text, value));
}

static void
add_scalar(struct buf *out, const struct json_span *span)
{
	switch (span->type) {
	case JSON_STRING:
		add_string(out, span);
		break;
	case JSON_INTEGER:
	case JSON_DOUBLE:
		add_number(out, span);
		break;
	case JSON_TRUE:
		buf_adds(out, "True");
		break;
	case JSON_FALSE:
		buf_adds(out, "False");
		break;
	default:
		buf_adds(out, "None");
		break;
	}
}

static int
add_array(struct jsonscan *s, struct buf *out)
{
	const char *comma = "";
	int r = 0;

	buf_addc(out, '[');
	while (r == 0 && jsonscan_element(s) > 0) {
		buf_adds(out, comma);
		r = add_value(s, out);
		comma = ", ";
	}
	buf_addc(out, ']');
	return r;
}

static void
members_add(struct members *m, struct member member)
{
	m->list = xgrow(m->list, m->len, &m->cap, sizeof *m->list);
	member.index = m->len;
	m->list[m->len++] = member;
}

/* Orders members by name, then by place. Equal names have equal repr(). */
static int
compare_members(const void *left, const void *right, void *bytes)
{
	const struct member *a = left, *b = right;
	const char *text = bytes;
	int order;

	if (a->key_len != b->key_len)
		return a->key_len < b->key_len ? -1 : 1;
	order = memcmp(text + a->key, text + b->key, a->key_len);
	if (order != 0)
		return order;
	return a->index < b->index ? -1 : a->index > b->index;
}

static int
compare_places(const void *left, const void *right)
{
	const struct member *a = left, *b = right;

	return a->index < b->index ? -1 : a->index > b->index;
}

/* Gives the first member of each name the value of the last one and drops the
 * others. Returns whether there were any. */
static bool
merge_members(struct members *m, const char *bytes)
{
	struct member *first = m->list, *one;
	bool merged = false;

	qsort_r(
	    m->list, m->len, sizeof *m->list, compare_members, (void *)bytes);
	for (one = m->list + 1; one < m->list + m->len; one++) {
		if (one->key_len != first->key_len ||
		    memcmp(bytes + one->key, bytes + first->key,
			one->key_len) != 0) {
			first = one;
			continue;
		}
		first->value = one->value;
		first->value_len = one->value_len;
		one->dropped = true;
		merged = true;
	}
	return merged;
}

/* Writes the members again, from `start`, where they now stand. */
static void
rewrite_members(struct members *m, struct buf *out, size_t start)
{
	struct buf old;
	const char *comma = "";
	size_t i;

	qsort(m->list, m->len, sizeof *m->list, compare_places);
	buf_init(&old, out->len);
	buf_add(&old, out->data, out->len);
	buf_truncate(out, start);
	for (i = 0; i < m->len; i++) {
		const struct member *one = &m->list[i];

		if (one->dropped)
			continue;
		buf_adds(out, comma);
		buf_add(out, old.data + one->key, one->key_len);
		buf_add(out, old.data + one->value, one->value_len);
		comma = ", ";
	}
	buf_release(&old);
}

static int
add_object(struct jsonscan *s, struct buf *out)
{
	struct members members = {0};
	struct member one = {0};
	struct json_span key;
	size_t start;
	int r = 0;

	buf_addc(out, '{');
	start = out->len;
	while (r == 0 && jsonscan_member(s, &key) > 0) {
		if (members.len > 0)
			buf_adds(out, ", ");
		one.key = out->len;
		add_string(out, &key);
		buf_adds(out, ": ");
		one.value = out->len;
		one.key_len = one.value - one.key;
		r = add_value(s, out);
		one.value_len = out->len - one.value;
		members_add(&members, one);
	}
	if (r == 0 && members.len > 1 && merge_members(&members, out->data))
		rewrite_members(&members, out, start);
	free(members.list);
	buf_addc(out, '}');
	return r;
}

/* Depth is bounded by the scanner's: each level needs little stack. */
static int
add_value(struct jsonscan *s, struct buf *out)
{
	struct json_span span;
	int r;

	if (jsonscan_enter(s, '{') == 0) {
		r = add_object(s, out);
	} else if (jsonscan_enter(s, '[') == 0) {
		r = add_array(s, out);
	} else {
		r = jsonscan_value(s, &span);
		if (r == 0)
			add_scalar(out, &span);
	}
	/* Once the output is full, we stop. */
	return r == 0 && buf_overflowed(out) ? -EMSGSIZE : r;
}

int
json_pystr(const struct json_span *span, struct buf *out)
{
	struct jsonscan s;

	if (span->type == JSON_NONE)
		return buf_adds(out, "None");
	if (span->type == JSON_STRING)
		return json_text(span, out);
	jsonscan_init_span(&s, span);
	return add_value(&s, out);
}
