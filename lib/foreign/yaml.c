#include "foreign/yaml.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "base/buf.h"
#include "base/die.h"
#include "format/text.h"

/* libyaml looks at each open level for each token. */
#define DEPTH_MAX 100
/* A raw byte may become the three of U+FFFD. */
#define GROWTH_MAX 3

struct search {
	const char *key; /* NULL: the document is no mapping */
	int depth;
	bool at_value; /* what comes next in the mapping */
	bool wanted;   /* it is that of the key */
	char *found;
};

/* A plain scalar that means: no value. */
static bool
is_null(const char *value)
{
	static const char *const words[] = {"", "~", "null", "Null", "NULL"};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcmp(value, words[i]) == 0)
			return true;
	return false;
}

static char *
scalar_text(const yaml_event_t *e)
{
	const char *value = (const char *)e->data.scalar.value;
	size_t len = e->data.scalar.length;
	struct buf text;

	if (e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && is_null(value))
		return NULL;
	buf_init(&text, GROWTH_MAX * len + 1);
	buf_adds(&text, "");
	text_from_bytes(&text, value, len);
	return buf_steal(&text);
}

/* A whole node of the outermost mapping: a key or a value. `e` is its event if
 * it is a scalar. */
static void
take_node(struct search *s, const yaml_event_t *e)
{
	char *text = e->type == YAML_SCALAR_EVENT ? scalar_text(e) : NULL;

	if (!s->at_value) {
		s->wanted =
		    text != NULL && s->key != NULL && strcmp(text, s->key) == 0;
	} else if (s->wanted) {
		free(s->found);
		s->found = text;
		text = NULL;
	}
	s->at_value = !s->at_value;
	free(text);
}

/* False: nested too deeply. */
static bool
take(struct search *s, const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_SEQUENCE_START_EVENT:
		if (s->depth == 0)
			s->key = NULL;
		return ++s->depth <= DEPTH_MAX;
	case YAML_MAPPING_START_EVENT:
		return ++s->depth <= DEPTH_MAX;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		s->depth--;
		break;
	case YAML_SCALAR_EVENT:
	case YAML_ALIAS_EVENT:
		break;
	default:
		return true;
	}
	if (s->depth == 1)
		take_node(s, e);
	return true;
}

char *
yaml_member(const char *bytes, size_t len, const char *key)
{
	struct search s = {.key = key};
	yaml_parser_t parser;
	yaml_event_t event;
	bool good = true, more = true;

	if (!yaml_parser_initialize(&parser))
		die("out of memory");
	yaml_parser_set_input_string(
	    &parser, (const unsigned char *)bytes, len);
	while (good && more) {
		good = yaml_parser_parse(&parser, &event);
		if (!good && parser.error == YAML_MEMORY_ERROR)
			die("out of memory");
		if (!good)
			break;
		more = event.type != YAML_DOCUMENT_END_EVENT &&
		    event.type != YAML_STREAM_END_EVENT;
		good = take(&s, &event);
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	if (!good) {
		free(s.found);
		s.found = NULL;
	}
	return s.found;
}
