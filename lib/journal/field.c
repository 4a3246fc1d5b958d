#include "journal/field.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int
field_refuse(struct err *err, const char *wrong)
{
	return err_set(err, -EBADMSG, "%s", wrong);
}

int
field_enter(struct jsonscan *s, char bracket, struct err *err)
{
	if (jsonscan_enter(s, bracket) == 0)
		return 0;
	return field_refuse(err, bracket == '[' ? "no list" : "no object");
}

void *
field_pointer(const struct field *f, const void *object)
{
	void *pointer;

	memcpy(&pointer, field_const_place(f, object), sizeof pointer);
	return pointer;
}

bool
field_is_null(const struct field *f, const void *object)
{
	return field_pointer(f, object) == NULL;
}

void
field_free(const struct field *f, void *object)
{
	free(field_pointer(f, object));
}

void
fields_init(const struct field *fields, void *object)
{
	for (const struct field *f = fields; f->name != NULL; f++)
		if (f->none != 0)
			*(int64_t *)field_place(f, object) = f->none;
}

/* Looks from `next` on, which is the one if the members come as we write them,
 * and then in front of it. NULL: there is no such member. */
static const struct field *
find(const struct field *fields, const struct field *next,
    const struct json_span *name)
{
	const struct field *f;

	for (f = next; f->name != NULL; f++)
		if (json_is(name, f->name))
			return f;
	for (f = fields; f < next; f++)
		if (json_is(name, f->name))
			return f;
	return NULL;
}

static bool
is_none(const struct field *f, const void *object)
{
	return f->type->is_none != NULL && f->type->is_none(f, object);
}

/* Is a member missing that must be there? A list may be empty. */
static bool
is_lacking(const struct field *f, const void *object)
{
	return f->presence == REQUIRED && is_none(f, object) &&
	    (f->len_at == 0 || field_len(f, object) > 0);
}

int
fields_take(const struct field *fields, void *object, struct jsonscan *s,
    struct err *err)
{
	const struct field *f, *next = fields;
	struct json_span name;

	while (jsonscan_member(s, &name) > 0) {
		f = find(fields, next, &name);
		if (f == NULL)
			continue;
		if (f->type->take(f, object, s, err) < 0) {
			err_prefix(err, "%s", f->name);
			return -EBADMSG;
		}
		next = f + 1;
	}
	if (s->error != 0)
		return s->error;
	for (f = fields; f->name != NULL; f++)
		if (is_lacking(f, object))
			return err_set(err, -EBADMSG, "lacks %s", f->name);
	return 0;
}

void
fields_put(const struct field *fields, const void *object, struct jsonwrite *w)
{
	for (const struct field *f = fields; f->name != NULL; f++) {
		if (f->presence == OPTIONAL && is_none(f, object))
			continue;
		jsonwrite_key(w, f->name);
		f->type->put(f, object, w);
	}
}

void
fields_release(const struct field *fields, void *object)
{
	for (const struct field *f = fields; f->name != NULL; f++)
		if (f->type->release != NULL)
			f->type->release(f, object);
}
