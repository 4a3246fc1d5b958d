/*
 * The records of a run as W&B tables, `records`, `records-2`, ...: pieces of at
 * most 1 MB, each a file with columns of its own, so that none is refused for
 * its size and none needs more memory. Each score and each number of the usage
 * has a column.
 *
 *	wandb_pieces_init(&p);
 *	wandb_pieces_add(&p, start, entry, &err);     a batch of records
 *	while (wandb_pieces_is_due(&p, last)) {
 *		... wandb_table_open(&table, wandb_pieces_name(&p), to) ...
 *		wandb_pieces_write(&p, &table);
 *		... then one of these ...
 *		wandb_pieces_sent(&p);  or  wandb_pieces_refused(&p, t, &err);
 *	}
 *	wandb_pieces_release(&p);
 */
#ifndef TRACKER_WANDB_PIECES_H
#define TRACKER_WANDB_PIECES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "tracker/common/alone.h"
#include "tracker/common/rows.h"
#include "tracker/tracker.h"
#include "tracker/wandb/table.h"

#define WANDB_PIECE_BYTES (1000 * 1000)

struct wandb_pieces {
	/* The columns behind the fixed ones, in the order in which they
	 * appeared. */
	char **titles;
	size_t title_len;
	bool cut;       /* there were more */
	bool text;      /* with prompts and answers */
	struct buf out; /* the rows, each without its closing bracket */
	struct wandb_piece_row {
		size_t len;     /* of its text in `out` */
		size_t cells;   /* that it has */
		int64_t number; /* of its record */
	} * rows;
	size_t row_len, row_cap;
	size_t writing; /* rows at the front that are in the table */
	size_t written; /* bytes of the piece on its way */
	/* The most bytes of a piece: fewer after one at which the server failed,
	 * up to what it has never called too large. */
	size_t limit, ceiling;
	struct alone alone; /* of the one row of the piece */
	int64_t number;     /* of the pieces before */
	int64_t last;       /* number of the last record that was added */
	size_t refused;     /* rows that the server does not take */
	size_t cells_cut, scores_left_out;
	char *name; /* of the piece on its way */
	struct entry_table entry;
};

void wandb_pieces_init(struct wandb_pieces *p);
void wandb_pieces_release(struct wandb_pieces *p);

/* Adds the rows of a RECORDS entry; those that were added before are not added
 * again. The answer is that of rows_open(). */
enum outcome wandb_pieces_add(struct wandb_pieces *p,
    const struct entry_start *start, const struct entry *e, struct err *err);
/* Is there a full piece, or with `last` any? */
bool wandb_pieces_is_due(const struct wandb_pieces *p, bool last);
/* What the next piece is called. */
const struct entry_table *wandb_pieces_name(struct wandb_pieces *p);
/* Writes the next piece; wandb_table_close() ends it. */
void wandb_pieces_write(struct wandb_pieces *p, struct wandb_table *table);
/* So many rows at the front are settled; for pieces_answer.c. */
void wandb_pieces_drop(struct wandb_pieces *p, size_t n);

/* --- pieces_answer.c --- */

void wandb_pieces_sent(struct wandb_pieces *p);
/* The server has taken the piece (DONE), or failed at it. True: the next one may go
 * at once, fewer rows or less of the one (tracker/common/alone.h), which is named.
 * False: the same comes again after a wait. */
bool wandb_pieces_answered(struct wandb_pieces *p, struct tracker *t,
    enum outcome outcome, const struct err *err);
/* The server calls the piece too large: the next ones are half as long. A row
 * that is too large alone is named and left out. */
void wandb_pieces_too_large(struct wandb_pieces *p, struct tracker *t);
/* The server takes no table: names how many rows it does not get. */
void wandb_pieces_refused(
    struct wandb_pieces *p, struct tracker *t, const char *why);
/* All records were added: says which values are not there as they were. */
void wandb_pieces_say(const struct wandb_pieces *p, struct tracker *t);

#endif
