/*
 * Named values, such as the current params of a run: names in the order of their
 * first appearance; a later value replaces the earlier one in its place.
 *
 *	struct paramset set;
 *	paramset_init(&set);
 *	paramset_put(&set, name, &value);      copies both
 *	TAILQ_FOREACH(p, &set.list, link) ... p->name, p->value
 *	paramset_release(&set);
 */
#ifndef TRACKER_COMMON_PARAMSET_H
#define TRACKER_COMMON_PARAMSET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>
#include <sys/tree.h>

#include "format/jsonwrite.h"
#include "journal/entry.h"

struct paramset_item {
	char *name;
	struct value value;
	TAILQ_ENTRY(paramset_item) link;
	RB_ENTRY(paramset_item) node;
};

TAILQ_HEAD(paramset_list, paramset_item);
RB_HEAD(paramset_tree, paramset_item);

struct paramset {
	struct paramset_list list;
	struct paramset_tree by_name;
	size_t len;
};

void paramset_init(struct paramset *set);
void paramset_release(struct paramset *set);

/* Returns whether that changed anything. */
bool paramset_put(
    struct paramset *set, const char *name, const struct value *value);
bool paramset_put_text(
    struct paramset *set, const char *name, const char *text);
/* The value of that name, which the set owns; NULL: none. */
const struct value *paramset_get(const struct paramset *set, const char *name);
/* Every param of a PARAMS entry, `prefix` before each name. Returns whether
 * that changed anything. */
bool paramset_put_entry(struct paramset *set, const char *prefix,
    const struct entry_params *params);

/* The value in JSON, as Python's json.dump writes it. */
void paramset_write_value(struct jsonwrite *w, const struct value *value);

#endif
