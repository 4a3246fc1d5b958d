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
#include "journal/dir_table.h"
#include "journal/entry.h"

struct index_entry {
	char *attempt;
	char *run_id; /* texts (format/text.h) */
	char *name;   /* that people know it by; NULL: an older itrack's */
	char *run_dir;
	char *project;                   /* NULL: a line of an older itrack */
	char *config_path;               /* as typed; NULL: not known */
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
/* Adds a tracker with the place where it put the run and the destination where
 * it was to put it. NULL: not known. */
void index_entry_add_place(struct index_entry *e, const char *tracker,
    const char *place, const char *destination);
/* Returns where the tracker was to put the run; NULL: not known. */
const char *index_entry_destination(
    const struct index_entry *e, const char *tracker);

/* Adds a line by one write at the end of the file. A torn line before it is
 * first closed by a newline. */
int index_append(
    const char *state_dir, const struct index_entry *e, struct err *err);
/* Several lines, by one write and one sync: all of them, or none. */
int index_append_all(const char *state_dir,
    const struct index_entry *const *list, size_t len, struct err *err);

/* Opens the index, if there is one, to see whether it can be read. */
int index_check(const char *state_dir, struct err *err);

/* Calls `each` for every readable line, in order, until it returns false.
 * Without an index it returns 0 and calls nobody. A line that can't be used
 * does not keep the others back: the result is then -EBADMSG, and `err` says
 * why. A torn line is skipped. */
int index_each(const char *state_dir,
    bool (*each)(const struct index_entry *e, void *data), void *data,
    struct err *err);

/* The same, but only for lines that may be of this directory (dir_table.h).
 * The index has every run there ever was, and each new run asks: a process reads
 * it once, and from then on what was added. */
int index_each_of(const char *state_dir, const struct directory_now *now,
    bool (*each)(const struct index_entry *e, void *data), void *data,
    struct err *err);

/* Has the index a line of this attempt? Returns 1, 0, or a negative errno if
 * the index can't be read. */
int index_has(const char *state_dir, const char *attempt, struct err *err);

/* Takes out the lines for which `remove` returns true: the index is replaced as a
 * whole, with what others add meanwhile. Lines that can't be read stay. With
 * `dry_run` nothing is changed. If it fails, nothing is taken out, whatever
 * `remove` was asked. -ENOLCK: the file system has no locks. */
int index_prune(const char *state_dir, bool dry_run,
    bool (*remove)(const struct index_entry *e, void *data), void *data,
    struct err *err);

#endif
