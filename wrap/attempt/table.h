/* Makes a table of the records for trackers that have tables (--table),
 * with prompts and answers or without. */
#ifndef WRAP_ATTEMPT_TABLE_H
#define WRAP_ATTEMPT_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "journal/entry.h"

/* Makes the TABLE entry for which the options of the start entry ask; false:
 * they ask for none, and nothing was made. */
bool attempt_make_table(struct entry *e, const struct entry_start *start,
    const char *records, int64_t time_us);

#endif
