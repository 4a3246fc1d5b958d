#include "tracker/wandb/nested.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "tracker/common/names.h"

#define TOP "config"

/* A member of an object: a value, or an object of its own. */
struct branch {
	const char *key; /* `len` bytes of a param's name */
	size_t len;
	const struct value *value; /* NULL: an object */
	struct branch *first, *last, *next;
};

static struct branch *
find(const struct branch *in, const char *key, size_t len)
{
	for (struct branch *b = in->first; b != NULL; b = b->next)
		if (b->len == len && memcmp(b->key, key, len) == 0)
			return b;
	return NULL;
}

static struct branch *
add(struct branch *in, const char *key, size_t len)
{
	struct branch *b = xcalloc(1, sizeof *b);

	b->key = key;
	b->len = len;
	if (in->last != NULL)
		in->last->next = b;
	else
		in->first = b;
	in->last = b;
	return b;
}

/* The object in which the last part of the path stands; NULL: it does not fit.
 * *path moves to that part. */
static struct branch *
find_place(struct branch *top, const char **path)
{
	struct branch *at = top, *inner;
	const char *dot;

	while ((dot = strchr(*path, '.')) != NULL) {
		size_t len = (size_t)(dot - *path);

		inner = find(at, *path, len);
		if (len == 0 || (inner != NULL && inner->value != NULL))
			return NULL;
		at = inner != NULL ? inner : add(at, *path, len);
		*path = dot + 1;
	}
	if (**path == '\0' || find(at, *path, strlen(*path)) != NULL)
		return NULL;
	return at;
}

static void
put(struct branch *top, const struct param *param)
{
	const char *path = param->name + strlen(TOP) + 1;
	struct branch *at = find_place(top, &path);

	if (at == NULL) {
		at = top;
		path = param->name;
	}
	add(at, path, strlen(path))->value = &param->value;
}

static void
write_value(struct jsonwrite *w, const struct value *value)
{
	struct value clean = *value;

	if (value->type == VALUE_TEXT)
		clean.text = wandb_utf8(value->text);
	paramset_write_value(w, &clean);
	if (value->type == VALUE_TEXT)
		free(clean.text);
}

static void
write_object(struct jsonwrite *w, const struct branch *object)
{
	jsonwrite_open(w, '{');
	for (const struct branch *b = object->first; b != NULL; b = b->next) {
		char *part = xstrndup(b->key, b->len);
		struct buf key;

		buf_init(&key, ENTRY_LINE_MAX);
		names_utf8(&key, part);
		jsonwrite_key(w, key.data);
		buf_release(&key);
		free(part);
		if (b->value != NULL)
			write_value(w, b->value);
		else
			write_object(w, b);
	}
	jsonwrite_close(w, '}');
}

static void
release(struct branch *object)
{
	struct branch *next;

	for (struct branch *b = object->first; b != NULL; b = next) {
		next = b->next;
		release(b);
		free(b);
	}
}

void
wandb_nested(struct wandb_values *values, const struct entry_params *params)
{
	struct branch top = {.key = TOP};
	struct jsonwrite w;
	struct buf json;

	for (size_t i = 0; i < params->len; i++)
		if (strncmp(params->list[i].name, TOP ".", strlen(TOP) + 1) ==
		    0)
			put(&top, &params->list[i]);
	buf_init(&json, ENTRY_LINE_MAX);
	jsonwrite_init(&w, &json, JSONWRITE_COMPACT);
	write_object(&w, &top);
	if (!buf_overflowed(&json))
		wandb_values_json(values, TOP, json.data);
	buf_release(&json);
	release(&top);
}
