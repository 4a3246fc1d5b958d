#include "tracker/common/paramset.h"

#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "format/jsonscan.h"

static int
compare_names(const struct paramset_item *a, const struct paramset_item *b)
{
	return strcmp(a->name, b->name);
}

RB_GENERATE_INTERNAL(paramset_tree, paramset_item, node, compare_names,
    __attribute__((unused)) static)

void
paramset_init(struct paramset *set)
{
	TAILQ_INIT(&set->list);
	RB_INIT(&set->by_name);
	set->len = 0;
}

void
paramset_release(struct paramset *set)
{
	struct paramset_item *item;

	while ((item = TAILQ_FIRST(&set->list)) != NULL) {
		TAILQ_REMOVE(&set->list, item, link);
		value_release(&item->value);
		free(item->name);
		free(item);
	}
	paramset_init(set);
}

static bool
same_value(const struct value *a, const struct value *b)
{
	if (a->type != b->type)
		return false;
	switch (a->type) {
	case VALUE_NULL:
		return true;
	case VALUE_BOOL:
		return a->boolean == b->boolean;
	case VALUE_INTEGER:
		return a->integer == b->integer;
	case VALUE_DOUBLE:
		return memcmp(&a->number, &b->number, sizeof(a->number)) == 0;
	case VALUE_TEXT:
		return strcmp(a->text, b->text) == 0;
	case VALUE_JSON:
		return strcmp(a->text, b->text) == 0 &&
		    strcmp(a->json, b->json) == 0;
	}
	return false;
}

static struct paramset_item *
find(const struct paramset *set, const char *name)
{
	struct paramset_item key = {.name = (char *)name};

	return RB_FIND(paramset_tree, &((struct paramset *)set)->by_name, &key);
}

const struct value *
paramset_get(const struct paramset *set, const char *name)
{
	const struct paramset_item *item = find(set, name);

	return item != NULL ? &item->value : NULL;
}

bool
paramset_put(struct paramset *set, const char *name, const struct value *value)
{
	struct paramset_item *item = find(set, name);

	if (item != NULL && same_value(&item->value, value))
		return false;
	if (item == NULL) {
		item = xcalloc(1, sizeof(*item));
		item->name = xstrdup(name);
		TAILQ_INSERT_TAIL(&set->list, item, link);
		RB_INSERT(paramset_tree, &set->by_name, item);
		set->len++;
	}
	value_release(&item->value);
	value_copy(&item->value, value);
	return true;
}

bool
paramset_put_text(struct paramset *set, const char *name, const char *text)
{
	struct value value = {.type = VALUE_TEXT, .text = (char *)text};

	return paramset_put(set, name, &value);
}

bool
paramset_put_entry(
    struct paramset *set, const char *prefix, const struct entry_params *params)
{
	bool changed = false;
	char *name;
	size_t i;

	for (i = 0; i < params->len; i++) {
		name = xasprintf("%s%s", prefix, params->list[i].name);
		if (paramset_put(set, name, &params->list[i].value))
			changed = true;
		free(name);
	}
	return changed;
}

void
paramset_write_value(struct jsonwrite *w, const struct value *value)
{
	struct json_span span;

	switch (value->type) {
	case VALUE_NULL:
		jsonwrite_null(w);
		break;
	case VALUE_BOOL:
		jsonwrite_bool(w, value->boolean);
		break;
	case VALUE_INTEGER:
		jsonwrite_int(w, value->integer);
		break;
	case VALUE_DOUBLE:
		jsonwrite_double(w, value->number);
		break;
	case VALUE_TEXT:
		jsonwrite_text(w, value->text);
		break;
	case VALUE_JSON:
		if (jsonscan_whole(value->json, strlen(value->json), &span) ==
		    0)
			jsonwrite_span(w, &span);
		else
			jsonwrite_text(w, value->text);
		break;
	}
}
