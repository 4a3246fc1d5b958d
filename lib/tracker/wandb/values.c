#include "tracker/wandb/values.h"

#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "format/text.h"
#include "tracker/common/paramset.h"

/* A value is a number, a text or a short object; rows of a table never come
 * this way. */
#define VALUE_MAX ENTRY_LINE_MAX

static int
compare(struct wandb_value *a, struct wandb_value *b)
{
	return strcmp(a->name, b->name);
}

RB_GENERATE_INTERNAL(wandb_value_tree, wandb_value, node, compare,
    __attribute__((unused)) static)

void
wandb_values_init(struct wandb_values *v)
{
	TAILQ_INIT(&v->list);
	RB_INIT(&v->by_name);
}

void
wandb_values_release(struct wandb_values *v)
{
	struct wandb_value *item, *next;

	TAILQ_FOREACH_SAFE (item, &v->list, link, next) {
		free(item->name);
		free(item->json);
		free(item);
	}
	wandb_values_init(v);
}

char *
wandb_utf8(const char *text)
{
	struct buf out;

	buf_init(&out, VALUE_MAX);
	text_to_utf8(&out, text);
	return buf_steal(&out);
}

/* _step, _timestamp, _runtime, _wandb, with any number of `_` behind. */
static bool
is_reserved(const char *name)
{
	static const char *const names[] = {
	    "_step", "_timestamp", "_runtime", "_wandb"};
	size_t i, len;

	for (i = 0; i < sizeof names / sizeof names[0]; i++) {
		len = strlen(names[i]);
		if (strncmp(name, names[i], len) == 0 &&
		    name[len + strspn(name + len, "_")] == '\0')
			return true;
	}
	return false;
}

char *
wandb_name(const char *prefix, const char *name, bool *renamed)
{
	char *full = xasprintf("%s%s", prefix, name), *other;

	if (!is_reserved(full))
		return full;
	*renamed = true;
	other = xasprintf("%s_", full);
	free(full);
	return other;
}

/* `json` is taken over. */
static void
put(struct wandb_values *v, const char *name, char *json)
{
	struct wandb_value *item = xcalloc(1, sizeof(*item)), *old;

	item->name = wandb_utf8(name);
	item->json = json;
	old = RB_INSERT(wandb_value_tree, &v->by_name, item);
	if (old == NULL) {
		TAILQ_INSERT_TAIL(&v->list, item, link);
		return;
	}
	free(old->json);
	old->json = json;
	free(item->name);
	free(item);
}

void
wandb_values_json(struct wandb_values *v, const char *name, const char *json)
{
	put(v, name, xstrdup(json));
}

void
wandb_values_double(struct wandb_values *v, const char *name, double value)
{
	wandb_values_value(
	    v, name, &(struct value){.type = VALUE_DOUBLE, .number = value});
}

void
wandb_values_int(struct wandb_values *v, const char *name, int64_t value)
{
	wandb_values_value(
	    v, name, &(struct value){.type = VALUE_INTEGER, .integer = value});
}

void
wandb_values_text(struct wandb_values *v, const char *name, const char *text)
{
	wandb_values_value(
	    v, name, &(struct value){.type = VALUE_TEXT, .text = (char *)text});
}

void
wandb_values_value(
    struct wandb_values *v, const char *name, const struct value *value)
{
	struct value clean = *value;
	struct jsonwrite w;
	struct buf out;

	if (value->type == VALUE_TEXT)
		clean.text = wandb_utf8(value->text);
	buf_init(&out, VALUE_MAX);
	jsonwrite_init(&w, &out, JSONWRITE_COMPACT);
	paramset_write_value(&w, &clean);
	if (value->type == VALUE_TEXT)
		free(clean.text);
	/* Cut JSON would cost the whole row. */
	if (buf_overflowed(&out))
		wandb_values_json(v, name, "null");
	else
		put(v, name, buf_steal(&out));
	buf_release(&out);
}

void
wandb_values_merge(struct wandb_values *v, const struct wandb_values *from)
{
	const struct wandb_value *item;

	TAILQ_FOREACH (item, &from->list, link)
		wandb_values_json(v, item->name, item->json);
}

const char *
wandb_values_get(const struct wandb_values *v, const char *name)
{
	struct wandb_value key = {.name = (char *)name}, *item;

	item = RB_FIND(
	    wandb_value_tree, &((struct wandb_values *)v)->by_name, &key);
	return item != NULL ? item->json : NULL;
}

void
wandb_values_write(const struct wandb_values *v, struct jsonwrite *w)
{
	const struct wandb_value *item;

	TAILQ_FOREACH (item, &v->list, link) {
		jsonwrite_key(w, item->name);
		jsonwrite_raw(w, item->json, strlen(item->json));
	}
}
