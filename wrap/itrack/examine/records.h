/*
 * Finds the defects in the lines of records.jsonl, for directory.c.
 */
#ifndef WRAP_ITRACK_EXAMINE_RECORDS_H
#define WRAP_ITRACK_EXAMINE_RECORDS_H

#include "base/lines.h"
#include "mapping/experiment.h"
#include "wrap/itrack/examine/directory.h"

/* How many gaps in the indexes of one experiment are remembered; indexes in
 * further gaps are counted as missing at once. */
#define CHECK_GAPS_MAX 64

struct gap {
	int64_t from, to; /* the first and last missing index */
};

/* The record_index of one experiment. */
struct check_order {
	int64_t next; /* beyond the highest */
	struct gap gaps[CHECK_GAPS_MAX];
	size_t gap_len;
};

struct check_records {
	struct check *check;
	struct mapping mapping;
	struct check_order **orders; /* at the experiments' indexes */
	size_t order_len;
	uint64_t line;
	char *schema_version; /* the first record's, raw; or NULL */
	uint64_t outside;     /* records that belong to no experiment */
};

void check_records_init(struct check_records *r, struct check *check);
/* Checks a line; `line` NULL: it is too long. */
void check_records_line(struct check_records *r, const char *line, size_t len);
/* Counts the defects that show only at the end. */
void check_records_end(struct check_records *r, uint64_t torn_bytes);
void check_records_release(struct check_records *r);

#endif
