/*
 * A W&B table: a JSON file of columns and rows among the run's files, and a
 * value in the summary that points to it. The rows are the lines of a file, JSON
 * objects, or written by the caller.
 *
 *	wandb_table_begin(&table, &entry->table, fd, &err);
 *	while ((more = wandb_table_step(&table, &err)) > 0) ...
 *	... table.name; wandb_table_show(&table, &summary) ...
 *	wandb_table_release(&table);
 */
#ifndef TRACKER_WANDB_TABLE_H
#define TRACKER_WANDB_TABLE_H

#include <sha2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "format/jsonwrite.h"
#include "journal/entry.h"
#include "tracker/tracker.h"
#include "tracker/wandb/values.h"

/* The most rows that W&B takes in a table; further rows are left out and
 * counted. */
#define WANDB_TABLE_ROWS_MAX 200000
/* The most columns, against files made to eat memory. */
#define WANDB_TABLE_COLUMNS_MAX 256
/* W&B takes values below 1 MB. */
#define WANDB_CELL_MAX_BYTES (256 * 1024)

struct wandb_table {
	const struct entry_table *entry; /* borrowed */
	int from;                        /* -1: nothing under way */
	int to;                          /* borrowed */
	struct buf chunk, out;
	bool ended;       /* of the file */
	bool cut;         /* there were more columns */
	size_t cells_cut; /* of those that were read from a file */
	int64_t column_count, rows, left_out; /* of the file that is made */
	int64_t size;                         /* bytes written */
	SHA2_CTX sha;
	char *name; /* of the run file, once it is whole */
	char sha256[SHA256_DIGEST_STRING_LENGTH];
};

/* Writes into `to`, an empty file. */
int wandb_table_begin(struct wandb_table *table,
    const struct entry_table *entry, int to, struct err *err);
/* 1: there is more to do; 0: the file is whole; or a negative errno. */
int wandb_table_step(struct wandb_table *table, struct err *err);
/* A table that has no file of records: the caller writes its JSON, without the
 * last "]}", into table->out, and sets column_count and rows. */
void wandb_table_open(
    struct wandb_table *table, const struct entry_table *entry, int to);
int wandb_table_close(struct wandb_table *table, struct err *err);
void wandb_table_release(struct wandb_table *table);

/* Writes a cell: W&B takes a column for one type and a cell of some size. False: it
 * is cut. */
bool wandb_table_text(struct jsonwrite *w, const char *text);
bool wandb_table_cell(struct jsonwrite *w, const struct json_span *value);

/* A tracker's answer to this error: is it that the table can't be made, or that
 * a file could not be read or written now? */
enum outcome wandb_table_outcome(int error);
/* Tells the report what was left out of the table. */
void wandb_table_say(const struct wandb_table *table, struct tracker *t);

/* Puts the value that points to the file into a summary. */
void wandb_table_show(
    const struct wandb_table *table, struct wandb_values *summary);

#endif
