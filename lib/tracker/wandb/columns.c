#include "tracker/wandb/columns.h"

#include <stdlib.h>
#include <string.h>

#include "base/die.h"

/* Members of a way; what is left of a longer text is one name. */
#define WAY_MAX 8

static void
free_way(char **way)
{
	size_t i;

	for (i = 0; way[i] != NULL; i++)
		free(way[i]);
	free(way);
}

/* "a.b.c" -> a, b, c. `len` comes to 3. */
static char **
split(const char *text, size_t *len)
{
	char **way = xcalloc(WAY_MAX + 1, sizeof(*way));
	const char *at = text, *dot;
	size_t n = 0;

	while (n < WAY_MAX - 1 && (dot = strchr(at, '.')) != NULL) {
		way[n++] = xstrndup(at, (size_t)(dot - at));
		at = dot + 1;
	}
	way[n++] = xstrdup(at);
	*len = n;
	return way;
}

/* The column of `text`, or of the member `last` in a wildcard's place. */
static void
add_column(
    struct wandb_columns *c, const char *text, const char *last, bool numbers)
{
	struct wandb_column *column;
	size_t len;

	if (c->len == WANDB_TABLE_COLUMNS_MAX) {
		c->cut = true;
		return;
	}
	c->list = xreallocarray(c->list, c->len + 1, sizeof(*c->list));
	column = &c->list[c->len++];
	column->numbers = numbers;
	column->way = split(text, &len);
	if (last == NULL) {
		column->title = xstrdup(text);
		return;
	}
	free(column->way[len - 1]);
	column->way[len - 1] = xstrdup(last);
	column->title = xasprintf("%.*s%s", (int)strlen(text) - 1, text, last);
}

static bool
has_column(const struct wandb_columns *c, const char *text, const char *last)
{
	size_t stem = strlen(text) - 1, i;

	for (i = 0; i < c->len; i++)
		if (strncmp(c->list[i].title, text, stem) == 0 &&
		    strcmp(c->list[i].title + stem, last) == 0)
			return true;
	return false;
}

static char
wildcard(const char *text)
{
	size_t len = strlen(text);

	return len >= 2 && text[len - 2] == '.' &&
		(text[len - 1] == '*' || text[len - 1] == '#')
	    ? text[len - 1]
	    : '\0';
}

static bool
is_number(const struct json_span *value)
{
	return value->type == JSON_INTEGER || value->type == JSON_DOUBLE ||
	    value->type == JSON_TRUE || value->type == JSON_FALSE;
}

static struct json_span
follow(const struct json_span *record, char *const *way, size_t len)
{
	struct json_span span = *record;
	size_t i;

	for (i = 0; i < len; i++)
		span = json_member(&span, way[i]);
	return span;
}

/* The members that a wildcard stands for in this record. */
static void
find_columns(
    struct wandb_columns *c, const char *text, const struct json_span *record)
{
	struct json_span object, key, value;
	bool numbers = wildcard(text) == '#';
	struct jsonscan s;
	size_t len;
	char **way = split(text, &len), *name;

	object = follow(record, way, len - 1);
	free_way(way);
	if (object.type != JSON_OBJECT)
		return;
	jsonscan_init_span(&s, &object);
	jsonscan_enter(&s, '{');
	while (
	    jsonscan_member(&s, &key) > 0 && jsonscan_value(&s, &value) == 0) {
		if (numbers && !is_number(&value))
			continue;
		name = json_text_new(&key);
		if (!has_column(c, text, name))
			add_column(c, text, name, numbers);
		free(name);
	}
}

void
wandb_columns_release(struct wandb_columns *c)
{
	size_t i;

	for (i = 0; i < c->len; i++) {
		free_way(c->list[i].way);
		free(c->list[i].title);
	}
	free(c->list);
	*c = (struct wandb_columns){0};
}

void
wandb_columns_find(struct wandb_columns *c, const struct entry_table *entry,
    const struct json_span *record)
{
	size_t i;

	for (i = 0; i < entry->column_len; i++)
		if (wildcard(entry->columns[i]) != '\0')
			find_columns(c, entry->columns[i], record);
}

void
wandb_columns_order(struct wandb_columns *c, const struct entry_table *entry)
{
	struct wandb_columns found = *c;
	size_t i, k, stem;
	const char *text;

	*c = (struct wandb_columns){.cut = found.cut};
	for (i = 0; i < entry->column_len; i++) {
		text = entry->columns[i];
		if (wildcard(text) == '\0') {
			add_column(c, text, NULL, false);
			continue;
		}
		stem = strlen(text) - 1;
		for (k = 0; k < found.len; k++)
			if (strncmp(found.list[k].title, text, stem) == 0)
				add_column(c, text, found.list[k].title + stem,
				    found.list[k].numbers);
	}
	wandb_columns_release(&found);
}

struct json_span
wandb_column_value(
    const struct wandb_column *column, const struct json_span *record)
{
	struct json_span value;
	size_t len;

	for (len = 0; column->way[len] != NULL; len++)
		;
	value = follow(record, column->way, len);
	if (column->numbers && !is_number(&value))
		value = (struct json_span){.type = JSON_NONE};
	return value;
}
