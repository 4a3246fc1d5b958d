/*
 * The index: <state>/index.jsonl, one line for each attempt that is delivered
 * everywhere. Its journal is gone; this is what stays, so that `status` can
 * tell of it and `import` knows what is tracked already.
 */
#ifndef JOURNAL_INDEX_H
#define JOURNAL_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "journal/entry.h"

struct index_entry {
	char *attempt;
	char *run_id; /* texts (format/text.h) */
	char *run_dir;
	int64_t dir_inode, dir_birth_ns; /* as in the start entry */
	enum run_status status;
	int64_t started_us, ended_us;
	/* records.jsonl as it was read: whole lines, and their CRC-32C. */
	int64_t records_bytes;
	int64_t records_crc32c;
	uint64_t rejected;
	struct pair *places; /* tracker and where it went */
	size_t place_len;
	struct pair *destinations; /* tracker and destination, where known */
	size_t destination_len;
};

void index_entry_release(struct index_entry *e);
/* Adds a tracker, where it put the run and where it was to put it; NULL: not
 * known. */
void index_entry_add_place(struct index_entry *e, const char *tracker,
    const char *place, const char *destination);
/* Where the tracker was to put it; NULL: not known. */
const char *index_entry_destination(
    const struct index_entry *e, const char *tracker);

/* One write at the end of the file, whole lines only (a torn one before it is
 * closed by a newline first). */
int index_append(
    const char *state_dir, const struct index_entry *e, struct err *err);

/* Can it be read, or is there none? Nothing of it is looked at. */
int index_check(const char *state_dir, struct err *err);

/* Calls `each` for every readable line, in order, until it returns false. No
 * index: 0 and no call. -EBADMSG, after all others: a line can't be used, and
 * why; a torn one is passed over. */
int index_each(const char *state_dir,
    bool (*each)(const struct index_entry *e, void *data), void *data,
    struct err *err);

/* The same, but of all lines those alone that may be of this directory, by its
 * inode or by the last part of its name: the index has every run there ever
 * was, and is asked for each new one. */
int index_each_of(const char *state_dir, int64_t inode, const char *name,
    bool (*each)(const struct index_entry *e, void *data), void *data,
    struct err *err);

/* Is there a line of this attempt? 1, 0, or a negative errno: the index can't be
 * read. */
int index_has(const char *state_dir, const char *attempt, struct err *err);

#endif
