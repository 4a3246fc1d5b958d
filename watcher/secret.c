#include "watcher/secret.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

/* A count has no more digits. */
#define COUNT_MAX 999999999

/* `not`: what a longer word begins with that is none. */
static const struct {
	const char *text, *not ;
} words[] = {
    {"key", "keyword"},
    {"token", "tokeniz"},
    {"secret", NULL},
    {"password", NULL},
    {"passwd", NULL},
    {"passphrase", NULL},
    {"credential", NULL},
    {"authorization", NULL},
    {"cookie", NULL},
};

/* With which a name ends. */
static const char *const endings[] = {"auth", "pwd"};

/* Ends `len` bytes behind `name`. */
static bool
has_word(const char *name, size_t len, size_t word)
{
	const char *text = words[word].text, *not = words[word].not ;
	size_t size = strlen(text);

	for (size_t i = 0; i + size <= len; i++)
		if (strncasecmp(name + i, text, size) == 0 &&
		    (not == NULL ||
			strncasecmp(name + i, not, strlen(not )) != 0))
			return true;
	return false;
}

static bool
is_name(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (has_word(name, len, i))
			return true;
	for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
		size_t size = strlen(endings[i]);

		if (len >= size &&
		    strncasecmp(name + len - size, endings[i], size) == 0)
			return true;
	}
	return false;
}

bool
secret_is_name(const char *name)
{
	return is_name(name, strlen(name));
}

/* Of all words only "token". */
static bool
is_of_tokens(const char *name)
{
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (has_word(name, strlen(name), i) !=
		    (strcmp(words[i].text, "token") == 0))
			return false;
	return true;
}

bool
secret_may_be_shown(const char *name, const struct yaml_node *node)
{
	const struct yaml_value *v = &node->value;

	switch (v->kind) {
	case YAML_IS_NULL:
	case YAML_IS_BOOL:
		return true;
	case YAML_IS_TEXT:
		return v->text[0] == '\0';
	case YAML_IS_LIST:
	case YAML_IS_MAP:
		return node->len == 0;
	case YAML_IS_INTEGER:
		return is_of_tokens(name) && v->integer <= COUNT_MAX;
	case YAML_IS_DOUBLE:
		return is_of_tokens(name) && v->number <= COUNT_MAX;
	default:
		return false;
	}
}

static bool
begins(const char *text, const char *word)
{
	return strncasecmp(text, word, strlen(word)) == 0;
}

/* NAME=value, an option with its value, or an option that has it in the next
 * word. */
static bool
is_setting(const char *text)
{
	size_t len = strcspn(text, "= \t\n:");

	return len > 0 && (text[len] == '=' || text[0] == '-') &&
	    is_name(text, len);
}

bool
secret_is_text(const char *text)
{
	return begins(text, "bearer ") || begins(text, "basic ") ||
	    strcasestr(text, "authorization:") != NULL || is_setting(text);
}

bool
secret_is_named_in(const struct yaml_node *map)
{
	static const char *const names[] = {"name", "key", "header", "env"};

	for (size_t i = 0; i < map->len; i++) {
		const struct yaml_value *v = &map->items[i].node->value;

		if (v->kind != YAML_IS_TEXT || !secret_is_name(v->text))
			continue;
		for (size_t k = 0; k < sizeof names / sizeof names[0]; k++)
			if (strcasecmp(map->items[i].key, names[k]) == 0)
				return true;
	}
	return false;
}
