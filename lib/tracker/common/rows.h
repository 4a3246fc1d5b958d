/*
 * Reads the records that a RECORDS entry names, for sending: from the copy kept
 * beside the journal, else from the file itself, checked by the entry's
 * CRC-32C. The rows of one entry are at most some hundred, or one long one.
 *
 *	outcome = rows_open(&rows, start, &batch->entries[0], &err);
 *	if (outcome != OUTCOME_DONE)
 *		return outcome;
 *	for (size_t i = 0; i < rows.len; i++) {
 *		rows_get(&rows, i, &row);
 *		... (row.h) ...
 *		row_release(&row);
 *	}
 *	rows_release(&rows);
 *
 * A row must be released before the rows. A zeroed struct rows is empty.
 */
#ifndef TRACKER_COMMON_ROWS_H
#define TRACKER_COMMON_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "journal/entry.h"
#include "tracker/common/row.h"
#include "tracker/tracker.h"

/* The longest part that is read: a longer one, which is one record, is refused.
 */
#define ROWS_BYTES_MAX (64 * 1024 * 1024)

struct rows {
	const struct entry_start *start; /* borrowed */
	const struct entry *entry;       /* borrowed */
	char *part;                      /* the bytes */
	struct rows_line {
		const char *line;
		size_t len;
		int64_t number;
	} * list;
	size_t len;
};

/* REJECTED: the file is gone or has changed since, or the part is too long; what
 * can't be read is never sent. A tracker hands this answer on as it is, with
 * `err`: while the run goes on the engine asks again, because a program may
 * write its file anew, or a copy may be kept later. BLOCKED: it could not be looked at now, or is on
 * another host. */
enum outcome rows_open(struct rows *rows, const struct entry_start *start,
    const struct entry *entry, struct err *err);
/* The i-th row, i < rows->len. */
void rows_get(const struct rows *rows, size_t i, struct row *row);
void rows_release(struct rows *rows);

#endif
