/* Lists as members. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "journal/entry.h"
#include "journal/field.h"

static size_t *
len_place(const struct field *f, void *object)
{
	void *len = (char *)object + f->len_at;

	return len;
}

/* A zeroed item behind the last one. */
static void *
add_item(const struct field *f, void *object, size_t size)
{
	size_t *len = len_place(f, object);
	char *list = xreallocarray(field_pointer(f, object), *len + 1, size);

	memcpy(field_place(f, object), &list, sizeof list);
	return memset(list + (*len)++ * size, 0, size);
}

static int
take_texts(
    const struct field *f, void *object, struct jsonscan *s, struct err *err)
{
	struct json_span value;

	if (field_enter(s, '[', err) < 0)
		return -EBADMSG;
	while (jsonscan_element(s) > 0 && jsonscan_value(s, &value) == 0) {
		if (value.type != JSON_STRING)
			return field_refuse(err, "no list of texts");
		*(char **)add_item(f, object, sizeof(char *)) =
		    json_text_new(&value);
	}
	return s->error;
}

static void
put_texts(const struct field *f, const void *object, struct jsonwrite *w)
{
	char *const *texts = field_pointer(f, object);

	jsonwrite_open(w, '[');
	for (size_t i = 0; i < field_len(f, object); i++)
		jsonwrite_text(w, texts[i]);
	jsonwrite_close(w, ']');
}

static void
release_texts(const struct field *f, void *object)
{
	char **texts = field_pointer(f, object);

	for (size_t i = 0; i < field_len(f, object); i++)
		free(texts[i]);
	free(texts);
}

const struct field_type field_texts = {
    sizeof(char **), take_texts, put_texts, field_is_null, release_texts};

static int
take_pairs(
    const struct field *f, void *object, struct jsonscan *s, struct err *err)
{
	struct json_span name, value;
	struct pair *pair;

	if (field_enter(s, '{', err) < 0)
		return -EBADMSG;
	while (
	    jsonscan_member(s, &name) > 0 && jsonscan_value(s, &value) == 0) {
		if (value.type != JSON_STRING)
			return field_refuse(err, "no object of texts");
		pair = add_item(f, object, sizeof *pair);
		*pair =
		    (struct pair){json_text_new(&name), json_text_new(&value)};
		if (field_check_form(f, pair->text, err) < 0)
			return -EBADMSG;
	}
	return s->error;
}

static void
put_pairs(const struct field *f, const void *object, struct jsonwrite *w)
{
	const struct pair *pairs = field_pointer(f, object);

	jsonwrite_open(w, '{');
	for (size_t i = 0; i < field_len(f, object); i++)
		jsonwrite_text_member(w, pairs[i].name, pairs[i].text);
	jsonwrite_close(w, '}');
}

static void
release_pairs(const struct field *f, void *object)
{
	struct pair *pairs = field_pointer(f, object);

	for (size_t i = 0; i < field_len(f, object); i++) {
		free(pairs[i].name);
		free(pairs[i].text);
	}
	free(pairs);
}

const struct field_type field_pairs = {
    sizeof(struct pair *), take_pairs, put_pairs, field_is_null, release_pairs};

static int
take_objects(
    const struct field *f, void *object, struct jsonscan *s, struct err *err)
{
	void *item;

	if (field_enter(s, '[', err) < 0)
		return -EBADMSG;
	while (jsonscan_element(s) > 0) {
		if (field_enter(s, '{', err) < 0)
			return -EBADMSG;
		item = add_item(f, object, f->item_size);
		fields_init(f->fields, item);
		if (fields_take(f->fields, item, s, err) < 0)
			return -EBADMSG;
	}
	return s->error;
}

static void
put_objects(const struct field *f, const void *object, struct jsonwrite *w)
{
	const char *items = field_pointer(f, object);

	jsonwrite_open(w, '[');
	for (size_t i = 0; i < field_len(f, object); i++) {
		jsonwrite_open(w, '{');
		fields_put(f->fields, items + i * f->item_size, w);
		jsonwrite_close(w, '}');
	}
	jsonwrite_close(w, ']');
}

static void
release_objects(const struct field *f, void *object)
{
	char *items = field_pointer(f, object);

	for (size_t i = 0; i < field_len(f, object); i++)
		fields_release(f->fields, items + i * f->item_size);
	free(items);
}

const struct field_type field_objects = {
    sizeof(void *), take_objects, put_objects, field_is_null, release_objects};

static int
take_doubles(
    const struct field *f, void *object, struct jsonscan *s, struct err *err)
{
	double **list = field_place(f, object);
	size_t *len = len_place(f, object), n = 0;
	struct json_span value;

	if (field_enter(s, '[', err) < 0)
		return -EBADMSG;
	while (jsonscan_element(s) > 0 && jsonscan_value(s, &value) == 0) {
		*list = xreallocarray(*list, n + 1, sizeof **list);
		if (field_number(&value, &(*list)[n++]) < 0)
			return field_refuse(err, "no list of numbers");
	}
	if (*len > 0 && *len != n)
		return field_refuse(err, "not as long as the list before it");
	*len = n;
	return s->error;
}

static void
put_doubles(const struct field *f, const void *object, struct jsonwrite *w)
{
	const double *list = field_pointer(f, object);

	jsonwrite_open(w, '[');
	for (size_t i = 0; i < field_len(f, object); i++)
		jsonwrite_double(w, list[i]);
	jsonwrite_close(w, ']');
}

const struct field_type field_doubles = {
    sizeof(double *), take_doubles, put_doubles, field_is_null, field_free};

static int
take_ints(
    const struct field *f, void *object, struct jsonscan *s, struct err *err)
{
	int64_t **list = field_place(f, object);
	size_t *len = len_place(f, object), cap = *len;
	struct json_span value;

	if (field_enter(s, '[', err) < 0)
		return -EBADMSG;
	*len = 0;
	while (jsonscan_element(s) > 0 && jsonscan_value(s, &value) == 0) {
		if (*len == cap) {
			cap = cap > 0 ? 2 * cap : 16;
			*list = xreallocarray(*list, cap, sizeof **list);
		}
		if (json_int64(&value, &(*list)[*len]) < 0)
			return field_refuse(err, "no list of integers");
		if ((*list)[*len] < f->range->min ||
		    (*list)[*len] > f->range->max)
			return field_refuse(err, "out of range");
		(*len)++;
	}
	return s->error;
}

static void
put_ints(const struct field *f, const void *object, struct jsonwrite *w)
{
	const int64_t *list = field_pointer(f, object);

	jsonwrite_open(w, '[');
	for (size_t i = 0; i < field_len(f, object); i++)
		jsonwrite_int(w, list[i]);
	jsonwrite_close(w, ']');
}

const struct field_type field_ints = {
    sizeof(int64_t *), take_ints, put_ints, field_is_null, field_free};
