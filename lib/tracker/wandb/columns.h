/*
 * The columns of a table of records: each is a member of a record, named by the
 * way to it ("model.params.name"). At the end of a way "*" stands for every
 * member that some record has there, "#" for those that are numbers.
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

/* The most columns that a wildcard may give, against files made to eat
 * memory. */
#define WANDB_TABLE_COLUMNS_MAX 256

struct wandb_column {
	char **way; /* members, NULL behind the last */
	char *title;
	bool numbers; /* values of other types are left out */
};

struct wandb_columns {
	struct wandb_column *list;
	size_t len;
	bool cut; /* there were more */
};

/* Adds the columns for which the entry's wildcards stand in this record. */
void wandb_columns_find(struct wandb_columns *c,
    const struct entry_table *entry, const struct json_span *record);
/* Puts all columns into the entry's order; those of a wildcard take its
 * place. */
void wandb_columns_order(
    struct wandb_columns *c, const struct entry_table *entry);
void wandb_columns_release(struct wandb_columns *c);

/* JSON_NONE: the record has no such member. */
struct json_span wandb_column_value(
    const struct wandb_column *column, const struct json_span *record);

#endif
