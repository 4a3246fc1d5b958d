/*
 * Finds the defects of a run directory and names them.
 *
 *	r = check_directory(&check, path, err);     < 0: it can't be read
 *	for (i = 0; i < CHECK_COUNT; i++)
 *		if (check.defects[i].count > 0) ... check_table[i].name ...
 *	check_release(&check);                      also after an error
 *
 * Names are stable: scripts compare them.
 */
#ifndef WRAP_ITRACK_EXAMINE_DIRECTORY_H
#define WRAP_ITRACK_EXAMINE_DIRECTORY_H

#include <stdint.h>

#include "base/err.h"

enum check_kind {
	CHECK_MISSING_MARKER,
	CHECK_BAD_MARKER,
	CHECK_MISSING_CONFIG,
	CHECK_EMPTY_CONFIG,
	CHECK_MISSING_RECORDS,
	CHECK_MISSING_MANIFEST,
	CHECK_MISSING_SUMMARY,
	CHECK_MISSING_RESULTS,
	CHECK_RESULTS_DIFFER,
	CHECK_LEFTOVER_TEMPORARY,
	CHECK_NOT_REGULAR,
	CHECK_UNREADABLE,
	CHECK_TORN_LINE,
	CHECK_MALFORMED_LINE,
	CHECK_TOO_LONG_LINE,
	CHECK_BLANK_LINE,
	CHECK_CARRIAGE_RETURN,
	CHECK_BOM,
	CHECK_NUL_BYTE,
	CHECK_INVALID_UTF8,
	CHECK_NOT_FINITE,
	CHECK_DUPLICATE_KEY,
	CHECK_UNKNOWN_KEY,
	CHECK_MISSING_KEY,
	CHECK_WRONG_TYPE,
	CHECK_MISSING_STATUS,
	CHECK_UNKNOWN_STATUS,
	CHECK_MISSING_RUN_ID,
	CHECK_MIXED_RUN_IDS,
	CHECK_MIXED_SCHEMA_VERSIONS,
	CHECK_UNKNOWN_SCHEMA_VERSION,
	CHECK_MIXED_HARNESS,
	CHECK_BAD_TIME,
	CHECK_NEGATIVE_DURATION,
	CHECK_NEGATIVE_LATENCY,
	CHECK_ERROR_ON_SUCCESS,
	CHECK_MISSING_ERROR,
	CHECK_BAD_INDEX,
	CHECK_DUPLICATE_INDEX,
	CHECK_UNORDERED_INDEX,
	CHECK_MISSING_INDEX,
	CHECK_MALFORMED_MANIFEST,
	CHECK_RUN_ID_MISMATCH,
	CHECK_SCHEMA_VERSION_MISMATCH,
	CHECK_RECORDS_FILE_MISMATCH,
	CHECK_RECORD_COUNT_MISMATCH,
	CHECK_SUCCESS_COUNT_MISMATCH,
	CHECK_ERROR_COUNT_MISMATCH,
	CHECK_STATUS_COUNTS_MISMATCH,
	CHECK_TIMEOUT_COUNT_MISMATCH,
	CHECK_EXPERIMENT_COUNT_MISMATCH,
	CHECK_NOT_COMPLETED,
	CHECK_MANIFEST_BAD_TIME,
	CHECK_MALFORMED_SUMMARY,
	CHECK_SUMMARY_MISMATCH,
	CHECK_MALFORMED_EXPLAIN,
	CHECK_EXPLAIN_MISMATCH,
	CHECK_COUNT,
};

struct check_row {
	const char *name;
	const char *about;
};

extern const struct check_row check_table[CHECK_COUNT];

struct defect {
	uint64_t count; /* how often; 0: not there */
	uint64_t line;  /* in records.jsonl, from 1; 0: of no line */
	char *detail;   /* on the first defect, text; or NULL */
};

struct check {
	struct defect defects[CHECK_COUNT];
};

int check_directory(struct check *c, const char *path, struct err *err);
void check_release(struct check *c);

/* Counts a defect. `format` may be NULL: there is no detail. */
void check_add(struct check *c, enum check_kind kind, uint64_t line,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
