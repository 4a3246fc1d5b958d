#include "foreign/yamlkeys.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "format/jsonwrite.h"

char *
yaml_key_text(const struct yaml_value *v)
{
	char number[PYFLOAT_SIZE];

	switch (v->kind) {
	case YAML_IS_NULL:
		return xstrdup("None");
	case YAML_IS_BOOL:
		return xstrdup(v->boolean ? "True" : "False");
	case YAML_IS_INTEGER:
		return xasprintf("%jd", (intmax_t)v->integer);
	case YAML_IS_DOUBLE:
		pyfloat_repr(number, v->number);
		return xstrdup(number);
	case YAML_IS_LARGE:
	case YAML_IS_TEXT:
		return xstrdup(v->text);
	default:
		return NULL;
	}
}

/* By their keys, equal ones in their order. */
static int
compare_items(const void *a, const void *b)
{
	const struct yaml_item *const *x = a, *const *y = b;
	int order = strcmp((*x)->key, (*y)->key);

	return order != 0 ? order : (*x > *y) - (*x < *y);
}

void
yaml_keys_unite(struct yaml_node *map)
{
	struct yaml_item *items = map->items, **order;
	size_t len = map->len, i, kept = 0;

	order = xcalloc(len + 1, sizeof(struct yaml_item *));
	for (i = 0; i < len; i++)
		order[i] = &items[i];
	qsort(order, len, sizeof(struct yaml_item *), compare_items);
	for (i = len; i > 1; i--) {
		struct yaml_item *before = order[i - 2], *item = order[i - 1];

		if (strcmp(before->key, item->key) != 0)
			continue;
		before->node = item->node;
		item->node = NULL;
	}
	free(order);
	for (i = 0; i < len; i++) {
		if (items[i].node != NULL)
			items[kept++] = items[i];
		else
			free(items[i].key);
	}
	map->len = kept;
}
