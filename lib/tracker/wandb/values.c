#include "tracker/wandb/values.h"

#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "format/text.h"
#include "tracker/common/names.h"

/* A value is a number, a text or a short object; rows of a table never come
 * this way. */
#define VALUE_MAX ENTRY_LINE_MAX

void
wandb_values_init(struct wandb_values *v)
{
	paramset_init(&v->set);
}

void
wandb_values_release(struct wandb_values *v)
{
	paramset_release(&v->set);
}

bool
wandb_cut(char *text, int most)
{
	const char *at = text;

	for (; most > 0 && *at != '\0'; most--)
		text_next(&at);
	if (*at == '\0')
		return false;
	text[at - text] = '\0';
	return true;
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
	char *full = xasprintf("%s%s", prefix, name);
	struct buf out;

	buf_init(&out, VALUE_MAX);
	buf_adds(&out, "");
	*renamed |= names_utf8(&out, full);
	if (is_reserved(out.data)) {
		buf_addc(&out, '_');
		*renamed = true;
	}
	free(full);
	return buf_steal(&out);
}

void
wandb_values_json(struct wandb_values *v, const char *name, const char *json)
{
	char *utf8 = wandb_utf8(name);

	paramset_put_text(&v->set, utf8, json);
	free(utf8);
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
wandb_values_value(
    struct wandb_values *v, const char *name, const struct value *value)
{
	struct value clean = *value; /* borrows what it does not change */
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
	wandb_values_json(v, name, buf_overflowed(&out) ? "null" : out.data);
	buf_release(&out);
}

void
wandb_values_merge(struct wandb_values *v, const struct wandb_values *from)
{
	const struct paramset_item *item;

	TAILQ_FOREACH (item, &from->set.list, link)
		paramset_put(&v->set, item->name, &item->value);
}

const char *
wandb_values_get(const struct wandb_values *v, const char *name)
{
	const struct value *value = paramset_get(&v->set, name);

	return value != NULL ? value->text : NULL;
}

void
wandb_values_write(const struct wandb_values *v, struct jsonwrite *w)
{
	const struct paramset_item *item;

	TAILQ_FOREACH (item, &v->set.list, link) {
		jsonwrite_key(w, item->name);
		jsonwrite_raw(w, item->value.text, strlen(item->value.text));
	}
}
