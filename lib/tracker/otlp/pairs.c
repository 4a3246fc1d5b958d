#include "tracker/otlp/pairs.h"

#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/uri.h"

static char *
trimmed(const char *start, size_t len)
{
	while (len > 0 && (start[0] == ' ' || start[0] == '\t')) {
		start++;
		len--;
	}
	while (len > 0 && (start[len - 1] == ' ' || start[len - 1] == '\t'))
		len--;
	return xstrndup(start, len);
}

void
otlp_pairs_put(
    struct pair **list, size_t *len, const char *name, const char *value)
{
	for (size_t i = 0; i < *len; i++)
		if (strcmp((*list)[i].name, name) == 0) {
			free((*list)[i].text);
			(*list)[i].text = xstrdup(value);
			return;
		}
	*list = xreallocarray(*list, *len + 1, sizeof **list);
	(*list)[(*len)++] = (struct pair){xstrdup(name), xstrdup(value)};
}

/* Returns whether the item has the form NAME=VALUE. */
static bool
read_item(const char *item, size_t item_len, struct pair **list, size_t *len)
{
	const char *equals = memchr(item, '=', item_len);
	char *name, *value;
	bool good;

	if (equals == NULL)
		return false;
	name = trimmed(item, (size_t)(equals - item));
	value = trimmed(equals + 1, item_len - (size_t)(equals + 1 - item));
	uri_unescape(name);
	uri_unescape(value);
	good = name[0] != '\0';
	if (good)
		otlp_pairs_put(list, len, name, value);
	xfree_secret(value);
	free(name);
	return good;
}

size_t
otlp_pairs_read(const char *text, struct pair **list, size_t *len)
{
	size_t bad = 0;

	*list = NULL;
	*len = 0;
	while (text != NULL && *text != '\0') {
		size_t item = strcspn(text, ",");

		if (strspn(text, " \t") < item &&
		    !read_item(text, item, list, len))
			bad++;
		text += item + (text[item] == ',' ? 1 : 0);
	}
	return bad;
}

void
otlp_pairs_release(struct pair *list, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		free(list[i].name);
		xfree_secret(list[i].text);
	}
	free(list);
}
