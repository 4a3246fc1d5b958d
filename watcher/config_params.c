#include "watcher/config_params.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/die.h"
#include "base/uri.h"
#include "foreign/yamltree.h"
#include "format/jsonwrite.h"
#include "format/text.h"
#include "watcher/secret.h"

#define TOP "config"
/* Aliases can make a small document as large as one likes: no more of it is
 * looked at. */
#define STEPS_MAX 100000
/* A text of so many characters has no more bytes. */
#define TEXT_BYTES_MAX (4 * CONFIG_CHARACTERS_MAX)
/* So many names of what is left out are said, and so much of each. */
#define SAID_MAX            5
#define SAID_CHARACTERS_MAX 60
#define SAID_BYTES_MAX      (SAID_MAX * 6 * SAID_CHARACTERS_MAX + 256)

struct walk {
	struct entry *e;
	struct buf name; /* of what is looked at */
	size_t steps, depth;
	size_t passed; /* leaves beyond CONFIG_PARAMS_MAX */
	size_t left;   /* those that are left out one by one */
	struct buf said;
};

/* Where a leaf stands. */
struct place {
	const char *name; /* its last component */
	bool secret;      /* by its name */
	bool in_secret;   /* by the name of what it stands in */
	bool dataset;     /* it stands in `dataset` */
};

static void walk_node(
    struct walk *w, const struct yaml_node *node, const struct place *place);

static void
leave_out(struct walk *w, const char *why)
{
	const char *at = w->name.data;
	struct buf part;

	if (w->left++ >= SAID_MAX)
		return;
	for (int i = 0; i < SAID_CHARACTERS_MAX && *at != '\0'; i++)
		text_next(&at);
	buf_init(&part, TEXT_BYTES_MAX);
	buf_add(&part, w->name.data, (size_t)(at - w->name.data));
	buf_addf(&w->said, "%s", w->left > 1 ? ", " : "");
	text_escape(&w->said, part.data);
	buf_addf(&w->said, "%s (%s)", *at != '\0' ? "..." : "", why);
	buf_release(&part);
}

/* Is there room for one more? */
static bool
is_counted(struct walk *w)
{
	if (w->e->params.len < CONFIG_PARAMS_MAX)
		return true;
	w->passed++;
	return false;
}

static void
add_text(struct walk *w, const char *text)
{
	size_t characters = text_length(text);
	char why[64];

	if (characters > CONFIG_CHARACTERS_MAX) {
		snprintf(why, sizeof why, "%zu characters", characters);
		leave_out(w, why);
		return;
	}
	if (is_counted(w))
		entry_add_param_text(w->e, w->name.data, text);
}

/* Without the logins of addresses in it. */
static void
add_clean(struct walk *w, const char *text)
{
	struct uri uri;
	char *clean;

	if (secret_is_text(text)) {
		add_text(w, CONFIG_MASK);
		return;
	}
	clean = xstrdup(text);
	if (uri_split(clean, &uri))
		uri_clean(clean);
	else
		uri_clean_words(clean);
	add_text(w, clean);
	free(clean);
}

/* One value as Python's json.dumps writes it. */
static void
put_json(struct buf *out, const struct yaml_value *v)
{
	struct jsonwrite w;

	jsonwrite_init(&w, out, JSONWRITE_COMPACT);
	w.nonfinite = JSONWRITE_BARE;
	if (v->kind == YAML_IS_BOOL)
		jsonwrite_bool(&w, v->boolean);
	else if (v->kind == YAML_IS_INTEGER)
		jsonwrite_int(&w, v->integer);
	else if (v->kind == YAML_IS_DOUBLE)
		jsonwrite_double(&w, v->number);
	else if (v->kind == YAML_IS_LARGE)
		buf_adds(out, v->text);
	else if (v->kind == YAML_IS_TEXT)
		jsonwrite_text(&w, v->text);
	else
		jsonwrite_null(&w);
}

enum listed { LISTED, LISTED_TOO_LONG, LISTED_SECRET, LISTED_BYTES };

/* A list in which no map has anything. It may hold a login in an address: then
 * all of it counts as a secret. */
static enum listed
put_list(
    struct walk *w, struct buf *out, const struct yaml_node *list, size_t depth)
{
	enum listed result = LISTED;

	if (depth == 0)
		return LISTED_TOO_LONG;
	buf_addc(out, '[');
	for (size_t i = 0; result == LISTED && i < list->len; i++) {
		const struct yaml_node *item = list->items[i].node;
		const struct yaml_value *v = &item->value;

		if (i > 0)
			buf_adds(out, ", ");
		if (v->kind == YAML_IS_BYTES)
			result = LISTED_BYTES;
		else if (v->kind == YAML_IS_TEXT && secret_is_text(v->text))
			result = LISTED_SECRET;
		else if (v->kind == YAML_IS_LIST)
			result = put_list(w, out, item, depth - 1);
		else
			put_json(out, v);
		if (result == LISTED &&
		    (buf_overflowed(out) || ++w->steps > STEPS_MAX))
			result = LISTED_TOO_LONG;
	}
	buf_addc(out, ']');
	return result == LISTED && buf_overflowed(out) ? LISTED_TOO_LONG
						       : result;
}

static void
add_list(struct walk *w, const struct yaml_node *list)
{
	struct buf text;

	buf_init(&text, CONFIG_CHARACTERS_MAX);
	switch (put_list(w, &text, list, YAMLTREE_DEPTH_MAX)) {
	case LISTED:
		add_clean(w, text.data);
		break;
	case LISTED_TOO_LONG:
		leave_out(w, "a longer list");
		break;
	case LISTED_SECRET:
		add_text(w, CONFIG_MASK);
		break;
	case LISTED_BYTES:
		leave_out(w, "binary");
		break;
	}
	buf_release(&text);
}

static void
add_leaf(
    struct walk *w, const struct yaml_node *node, const struct place *place)
{
	const struct yaml_value *v = &node->value;
	const char *name = w->name.data;

	if ((place->secret || place->in_secret) &&
	    !secret_may_be_shown(place->in_secret ? "" : place->name, node))
		add_text(w, CONFIG_MASK);
	else if (v->kind == YAML_IS_TEXT || v->kind == YAML_IS_LARGE)
		add_clean(w, v->text);
	else if (v->kind == YAML_IS_LIST)
		add_list(w, node);
	else if (v->kind == YAML_IS_MAP)
		add_text(w, "{}");
	else if (v->kind == YAML_IS_BYTES)
		leave_out(w, "binary");
	else if (!is_counted(w))
		return;
	else if (v->kind == YAML_IS_NULL)
		entry_add_param_null(w->e, name);
	else if (v->kind == YAML_IS_BOOL)
		entry_add_param_bool(w->e, name, v->boolean);
	else if (v->kind == YAML_IS_INTEGER)
		entry_add_param_integer(w->e, name, v->integer);
	else
		entry_add_param_double(w->e, name, v->number);
}

/* The data of a dataset that has no file: `dataset: {items: [...]}`. */
static bool
is_data(const struct yaml_node *node, const struct place *place)
{
	return place->dataset && node->value.kind == YAML_IS_LIST &&
	    (strcmp(place->name, "items") == 0 ||
		strcmp(place->name, "data") == 0);
}

static bool
is_leaf(const struct yaml_node *node)
{
	return node->len == 0 || !node->has_map;
}

static void
walk_item(struct walk *w, const struct yaml_item *item, size_t index,
    const struct place *within)
{
	struct place place = *within;
	size_t len = w->name.len;
	bool fits;

	if (item->key != NULL) {
		place.name = item->key;
		place.in_secret |= within->secret;
		place.secret = secret_is_name(item->key);
		place.dataset = strcmp(within->name, "dataset") == 0;
		fits = buf_addf(&w->name, ".%s", item->key) == 0;
	} else {
		fits = buf_addf(&w->name, ".%zu", index) == 0;
	}
	if (fits && text_length(w->name.data) <= CONFIG_CHARACTERS_MAX)
		walk_node(w, item->node, &place);
	else
		leave_out(w, "a longer name");
	buf_truncate(&w->name, len);
}

static void
walk_items(
    struct walk *w, const struct yaml_node *node, const struct place *place)
{
	bool named =
	    node->value.kind == YAML_IS_MAP && secret_is_named_in(node);

	for (size_t i = 0; i < node->len && w->steps < STEPS_MAX; i++) {
		const struct yaml_item *item = &node->items[i];
		struct place within = *place;

		within.in_secret |=
		    named && strcasecmp(item->key, "value") == 0;
		walk_item(w, item, i, &within);
	}
}

static void
walk_node(
    struct walk *w, const struct yaml_node *node, const struct place *place)
{
	w->steps++;
	if (is_data(node, place)) {
		leave_out(w, "the data itself");
	} else if (is_leaf(node)) {
		add_leaf(w, node, place);
	} else if (w->depth == YAMLTREE_DEPTH_MAX) {
		leave_out(w, "nested too deeply");
	} else {
		w->depth++;
		walk_items(w, node, place);
		w->depth--;
	}
}

static void
say_left_out(const struct walk *w, struct buf *line)
{
	bool whole = w->steps < STEPS_MAX;

	if (w->left > 0)
		buf_addf(line, "not among the params: %s", w->said.data);
	if (w->left > SAID_MAX)
		buf_addf(line, " and %zu more", w->left - SAID_MAX);
	if (w->passed > 0 || !whole)
		buf_addf(line, "%s%s%zu values, of which %zu are params",
		    w->left > 0 ? "; " : "", whole ? "" : "more than ",
		    w->passed + w->e->params.len + w->left, w->e->params.len);
}

static void
walk_top(struct walk *w, const struct yaml_node *root, struct buf *left_out)
{
	struct place top = {.name = ""};

	buf_init(&w->name, 2 * TEXT_BYTES_MAX);
	buf_init(&w->said, SAID_BYTES_MAX);
	buf_adds(&w->said, "");
	buf_adds(&w->name, TOP);
	walk_items(w, root, &top);
	say_left_out(w, left_out);
	buf_release(&w->name);
	buf_release(&w->said);
}

int
config_params(struct entry *e, const char *bytes, size_t len,
    struct buf *left_out, struct err *err)
{
	struct walk w = {.e = e};
	const struct yaml_node *root;
	struct yamltree *tree;
	int result = yamltree_read(&tree, bytes, len, err);

	if (result < 0)
		return result;
	root = yamltree_root(tree);
	if (root->value.kind == YAML_IS_MAP)
		walk_top(&w, root, left_out);
	else if (root->value.kind != YAML_IS_NULL)
		result = err_set(err, -EBADMSG, "it is no map");
	yamltree_free(tree);
	return result;
}
