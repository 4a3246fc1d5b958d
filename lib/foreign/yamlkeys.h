/* The keys of a map of YAML: their texts, and which of equal ones counts. */
#ifndef FOREIGN_YAMLKEYS_H
#define FOREIGN_YAMLKEYS_H

#include "foreign/yamltree.h"

/* Python's str() of a key, allocated; NULL: the value can't be one. */
char *yaml_key_text(const struct yaml_value *v);

/* Lets each key stand where it came first, with the value that came last. */
void yaml_keys_unite(struct yaml_node *map);

#endif
