#include "foreign/yamltree.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/queue.h>
#include <sys/tree.h>
#include <yaml.h>

#include "base/buf.h"
#include "base/die.h"
#include "foreign/yamlkeys.h"

/* Nodes are freed by the list of all, because aliases share them. */
struct node {
	struct yaml_node node;
	size_t cap;
	bool open; /* its end has not come yet */
	SLIST_ENTRY(node) link;
};

struct anchor {
	RB_ENTRY(anchor) link;
	char *name;
	struct node *node;
};

static int
compare_anchors(const struct anchor *a, const struct anchor *b)
{
	return strcmp(a->name, b->name);
}

RB_HEAD(anchor_tree, anchor);
RB_GENERATE_INTERNAL(
    anchor_tree, anchor, link, compare_anchors, static __attribute__((unused)))

struct yamltree {
	SLIST_HEAD(, node) nodes;
	struct anchor_tree anchors;
	struct node *root;
	size_t items; /* in all lists and maps */
	struct level {
		struct node *node;
		char *key;      /* whose value comes next */
		bool is_merge;  /* it is `<<` */
		bool has_merge; /* some key was */
	} levels[YAMLTREE_DEPTH_MAX];
	size_t depth;
	size_t line; /* of the event that is taken */
	size_t documents;
	struct err *err;
};

static const char no_map[] = "<< with something that is no map";

static int
refuse(struct yamltree *t, const char *why)
{
	return err_set(t->err, -EBADMSG, "line %zu: %s", t->line + 1, why);
}

static struct node *
add_node(struct yamltree *t, enum yaml_kind kind)
{
	struct node *n = xcalloc(1, sizeof *n);

	n->node.value.kind = kind;
	n->node.has_map = kind == YAML_IS_MAP;
	SLIST_INSERT_HEAD(&t->nodes, n, link);
	return n;
}

static int
add_item(struct yamltree *t, struct node *to, char *key,
    const struct yaml_node *node)
{
	if (++t->items > YAMLTREE_ITEMS_MAX) {
		free(key);
		return refuse(t, "it has too many values");
	}
	to->node.items = xgrow(
	    to->node.items, to->node.len, &to->cap, sizeof *to->node.items);
	to->node.items[to->node.len++] =
	    (struct yaml_item){.key = key, .node = node};
	to->node.has_map |= node->has_map;
	return 0;
}

static int
take_key(struct yamltree *t, struct level *level, const struct node *n)
{
	level->key = yaml_key_text(&n->node.value);
	if (level->key == NULL)
		return refuse(t, "a key that is no text and no number");
	return 0;
}

/* An item of `<<` has no key until merge() replaces it. */
static int
take_value(struct yamltree *t, struct level *level, const struct node *n)
{
	char *key = level->key;

	level->key = NULL;
	if (level->is_merge) {
		free(key);
		key = NULL;
	}
	level->is_merge = false;
	return add_item(t, level->node, key, &n->node);
}

/* A whole node, or one that has begun, at its place in what is open. */
static int
place(struct yamltree *t, struct node *n)
{
	struct level *level;

	if (t->depth == 0) {
		t->root = n;
		return 0;
	}
	level = &t->levels[t->depth - 1];
	if (level->node->node.value.kind == YAML_IS_LIST)
		return add_item(t, level->node, NULL, &n->node);
	if (level->key == NULL)
		return take_key(t, level, n);
	return take_value(t, level, n);
}

static int
name_node(struct yamltree *t, const yaml_char_t *name, struct node *n)
{
	struct anchor *a;

	if (name == NULL)
		return 0;
	a = xcalloc(1, sizeof *a);
	a->name = xstrdup((const char *)name);
	a->node = n;
	if (RB_INSERT(anchor_tree, &t->anchors, a) == NULL)
		return 0;
	free(a->name);
	free(a);
	return refuse(t, "an anchor that is there already");
}

static int
take_alias(struct yamltree *t, const yaml_event_t *e)
{
	struct anchor key = {.name = (char *)e->data.alias.anchor}, *a;

	a = RB_FIND(anchor_tree, &t->anchors, &key);
	if (a == NULL)
		return refuse(t, "an alias of nothing");
	if (a->node->open)
		return refuse(t, "a value that holds itself");
	return place(t, a->node);
}

static int
take_merge_key(struct yamltree *t, struct node *n)
{
	struct level *level = t->depth > 0 ? &t->levels[t->depth - 1] : NULL;

	if (level == NULL || level->node->node.value.kind != YAML_IS_MAP ||
	    level->key != NULL)
		return refuse(t, "<< where no key stands");
	n->node.value =
	    (struct yaml_value){.kind = YAML_IS_TEXT, .text = xstrdup("<<")};
	level->is_merge = level->has_merge = true;
	return place(t, n);
}

static int
take_scalar(struct yamltree *t, const yaml_event_t *e)
{
	struct yaml_scalar s = {
	    .bytes = (const char *)e->data.scalar.value,
	    .len = e->data.scalar.length,
	    .plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE,
	    .tag = (const char *)e->data.scalar.tag,
	};
	struct node *n = add_node(t, YAML_IS_NULL);
	int result;

	if (yaml_scalar_is_merge(&s))
		return take_merge_key(t, n);
	result = yaml_scalar_value(&s, &n->node.value);
	if (result == 0)
		result = name_node(t, e->data.scalar.anchor, n);
	if (result == -ERANGE)
		return refuse(t, "a number of too many digits");
	if (result == -EINVAL)
		return refuse(t, "a value that is none of its tag");
	return result < 0 ? result : place(t, n);
}

static bool
is_known(const yaml_char_t *tag, const char *const *words)
{
	const char *text = (const char *)tag;

	if (tag == NULL || strcmp(text, "!") == 0)
		return true;
	for (; *words != NULL; words++)
		if (strcmp(text, *words) == 0)
			return true;
	return false;
}

static int
open_node(struct yamltree *t, enum yaml_kind kind, const yaml_char_t *anchor)
{
	struct node *n = add_node(t, kind);
	int result = name_node(t, anchor, n);

	n->open = true;
	if (result == 0)
		result = place(t, n);
	if (result < 0)
		return result;
	if (t->depth == YAMLTREE_DEPTH_MAX)
		return refuse(t, "it is nested too deeply");
	t->levels[t->depth++] = (struct level){.node = n};
	return 0;
}

static int
open_list(struct yamltree *t, const yaml_event_t *e)
{
	static const char *const tags[] = {"tag:yaml.org,2002:seq",
	    "tag:yaml.org,2002:omap", "tag:yaml.org,2002:pairs", NULL};

	if (!is_known(e->data.sequence_start.tag, tags))
		return refuse(t, "a list with an unknown tag");
	return open_node(t, YAML_IS_LIST, e->data.sequence_start.anchor);
}

static int
open_map(struct yamltree *t, const yaml_event_t *e)
{
	static const char *const tags[] = {
	    "tag:yaml.org,2002:map", "tag:yaml.org,2002:set", NULL};

	if (!is_known(e->data.mapping_start.tag, tags))
		return refuse(t, "a map with an unknown tag");
	return open_node(t, YAML_IS_MAP, e->data.mapping_start.anchor);
}

static int
copy_items(struct yamltree *t, struct node *to, const struct yaml_node *from)
{
	int result = 0;

	for (size_t i = 0; result == 0 && i < from->len; i++)
		result = add_item(
		    t, to, xstrdup(from->items[i].key), from->items[i].node);
	return result;
}

/* Of the maps of a list the first one counts, so it comes last. */
static int
merge_one(struct yamltree *t, struct node *to, const struct yaml_node *from)
{
	int result = 0;

	if (from->value.kind == YAML_IS_MAP)
		return copy_items(t, to, from);
	if (from->value.kind != YAML_IS_LIST)
		return refuse(t, no_map);
	for (size_t i = from->len; result == 0 && i-- > 0;) {
		const struct yaml_node *map = from->items[i].node;

		result = map->value.kind == YAML_IS_MAP ? copy_items(t, to, map)
							: refuse(t, no_map);
	}
	return result;
}

/* What `<<` brings stands before the map's own items. */
static int
merge(struct yamltree *t, struct node *n)
{
	struct node whole = {.node = {.has_map = true}};
	struct yaml_item *items = n->node.items;
	size_t len = n->node.len, i;
	int result = 0;

	for (i = 0; result == 0 && i < len; i++)
		if (items[i].key == NULL)
			result = merge_one(t, &whole, items[i].node);
	for (i = 0; i < len; i++) {
		if (items[i].key == NULL)
			continue;
		if (result == 0)
			result =
			    add_item(t, &whole, items[i].key, items[i].node);
		else
			free(items[i].key);
	}
	free(items);
	n->node.items = whole.node.items;
	n->node.len = whole.node.len;
	n->cap = whole.cap;
	return result;
}

static int
close_node(struct yamltree *t)
{
	struct level *level;
	struct node *n;
	int result = 0;

	/* libyaml ends only what it has begun. */
	if (t->depth == 0)
		return refuse(t, "an end of nothing");
	level = &t->levels[--t->depth];
	n = level->node;
	n->open = false;
	/* It was placed before what it holds was known. */
	if (t->depth > 0)
		t->levels[t->depth - 1].node->node.has_map |= n->node.has_map;
	if (n->node.value.kind != YAML_IS_MAP)
		return 0;
	if (level->has_merge)
		result = merge(t, n);
	if (result == 0)
		yaml_keys_unite(&n->node);
	return result;
}

static int
take(struct yamltree *t, const yaml_event_t *e)
{
	t->line = e->start_mark.line;
	switch (e->type) {
	case YAML_DOCUMENT_START_EVENT:
		return t->documents++ == 0
		    ? 0
		    : refuse(t, "a second document begins");
	case YAML_SCALAR_EVENT:
		return take_scalar(t, e);
	case YAML_ALIAS_EVENT:
		return take_alias(t, e);
	case YAML_SEQUENCE_START_EVENT:
		return open_list(t, e);
	case YAML_MAPPING_START_EVENT:
		return open_map(t, e);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return close_node(t);
	default:
		return 0;
	}
}

static int
parse(struct yamltree *t, yaml_parser_t *parser)
{
	yaml_event_t event;
	bool more = true;
	int result = 0;

	while (result == 0 && more) {
		if (!yaml_parser_parse(parser, &event)) {
			if (parser->error == YAML_MEMORY_ERROR)
				die("out of memory");
			t->line = parser->problem_mark.line;
			return refuse(t,
			    parser->problem != NULL ? parser->problem
						    : "it is no YAML");
		}
		more = event.type != YAML_STREAM_END_EVENT;
		result = take(t, &event);
		yaml_event_delete(&event);
	}
	return result;
}

int
yamltree_read(
    struct yamltree **tree, const char *bytes, size_t len, struct err *err)
{
	struct yamltree *t = xcalloc(1, sizeof *t);
	yaml_parser_t parser;
	int result;

	SLIST_INIT(&t->nodes);
	RB_INIT(&t->anchors);
	t->err = err;
	if (!yaml_parser_initialize(&parser))
		die("out of memory");
	yaml_parser_set_input_string(
	    &parser, (const unsigned char *)bytes, len);
	result = parse(t, &parser);
	yaml_parser_delete(&parser);
	if (result < 0) {
		yamltree_free(t);
		return result;
	}
	if (t->root == NULL)
		t->root = add_node(t, YAML_IS_NULL);
	*tree = t;
	return 0;
}

const struct yaml_node *
yamltree_root(const struct yamltree *tree)
{
	return &tree->root->node;
}

static void
free_node(struct node *n)
{
	for (size_t i = 0; i < n->node.len; i++)
		free(n->node.items[i].key);
	free(n->node.items);
	free(n->node.value.text);
	free(n);
}

void
yamltree_free(struct yamltree *t)
{
	struct anchor *a;
	struct node *n;

	if (t == NULL)
		return;
	while ((a = RB_ROOT(&t->anchors)) != NULL) {
		RB_REMOVE(anchor_tree, &t->anchors, a);
		free(a->name);
		free(a);
	}
	while ((n = SLIST_FIRST(&t->nodes)) != NULL) {
		SLIST_REMOVE_HEAD(&t->nodes, link);
		free_node(n);
	}
	for (size_t i = 0; i < t->depth; i++)
		free(t->levels[i].key);
	free(t);
}
