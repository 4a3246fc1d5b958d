/*
 * A document of YAML as the values that Python's yaml.safe_load gives it. What
 * it would refuse (a tag that it does not know, a key that is a list, more than
 * one document) is refused here, too. Nothing in it can make the tree larger
 * than the limits below: an alias is a pointer to what it stands for.
 *
 *	yamltree_read(&tree, bytes, len, &err);
 *	yamltree_root(tree)->value.kind ...
 *	yamltree_free(tree);
 */
#ifndef FOREIGN_YAMLTREE_H
#define FOREIGN_YAMLTREE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "foreign/yamlscalar.h"

/* Who goes down a tree counts the levels himself: behind aliases there may be
 * more than the document's own. */
#define YAMLTREE_DEPTH_MAX 100
#define YAMLTREE_ITEMS_MAX 100000

struct yaml_node {
	struct yaml_value value;
	struct yaml_item *items; /* of a list or a map, in their order */
	size_t len;
	bool has_map; /* it is a map, or has one below it */
};

/* Of a map: a key stands once, where it came first, with its last value. Two
 * keys of one text (1 and "1") are one. */
struct yaml_item {
	char *key; /* Python's str() of it; NULL in a list */
	const struct yaml_node *node;
};

struct yamltree;

/* -EBADMSG: the document is refused; err says where and why. */
int yamltree_read(
    struct yamltree **tree, const char *bytes, size_t len, struct err *err);
const struct yaml_node *yamltree_root(const struct yamltree *tree);
void yamltree_free(struct yamltree *tree);

#endif
