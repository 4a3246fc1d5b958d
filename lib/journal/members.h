/* The tables of the members of each kind of entry, of a cursor and of a line of
 * the index (private). docs/journal.md describes the members. */
#ifndef JOURNAL_MEMBERS_H
#define JOURNAL_MEMBERS_H

#include "journal/entry.h"
#include "journal/field.h"

#define ENTRY_KIND_COUNT (ENTRY_END + 1)

struct entry_format {
	const char *name;
	const struct field *fields; /* places in struct entry */
};

extern const struct entry_format entry_formats[ENTRY_KIND_COUNT];
extern const struct field cursor_fields[]; /* in struct cursor */
extern const struct field index_fields[];  /* in struct index_entry */

/* Of each enum run_status, up to NULL. */
extern const char *const run_status_names[];

/* The lists of params and of metrics, as members of a struct entry. */
extern const struct field_type field_params;
extern const struct field_type field_metrics;

#endif
