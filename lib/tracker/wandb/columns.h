/*
 * The columns of a table of records: members of a record, named by their way
 * ("model.params.name"). At the end of a way "*" stands for all members that
 * any of the records has there, "#" for those that are numbers.
 *
 *	wandb_columns_find(&c, entry, &record);     each record
 *	wandb_columns_order(&c, entry);             then
 *	... wandb_column_value(&c.list[i], &record) ...
 *	wandb_columns_release(&c);
 *
 * A zeroed struct is empty.
 */
#ifndef TRACKER_WANDB_COLUMNS_H
#define TRACKER_WANDB_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

#include "format/jsonscan.h"
#include "journal/entry.h"

/* Columns that a wildcard may come to, against files made to eat memory. */
#define WANDB_TABLE_COLUMNS_MAX 256

struct wandb_column {
	char **way; /* members, NULL behind the last */
	char *title;
	bool numbers; /* others are none */
};

struct wandb_columns {
	struct wandb_column *list;
	size_t len;
	bool cut; /* there were more */
};

/* Takes what the entry's wildcards stand for in this record. */
void wandb_columns_find(struct wandb_columns *c,
    const struct entry_table *entry, const struct json_span *record);
/* All columns, in the entry's order; wildcards come where they stand. */
void wandb_columns_order(
    struct wandb_columns *c, const struct entry_table *entry);
void wandb_columns_release(struct wandb_columns *c);

/* JSON_NONE: the record has no such member. */
struct json_span wandb_column_value(
    const struct wandb_column *column, const struct json_span *record);

#endif
