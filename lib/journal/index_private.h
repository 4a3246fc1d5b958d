/* What index.c (the file: its lines are written, and read one after the other)
 * and index_kept.c (which of them are of a directory or an attempt) share. */
#ifndef JOURNAL_INDEX_PRIVATE_H
#define JOURNAL_INDEX_PRIVATE_H

#include <stdint.h>

#include "journal/index.h"

#define INDEX_FILE "index.jsonl"
/* A line holds a few paths; a longer one is not ours. */
#define INDEX_LINE_MAX (1024 * 1024)
/* Who has the lock writes some lines and syncs them, or all of them anew: if it
 * takes longer, it stands still. */
#define INDEX_LOCK_WAIT_MS 60000

/* Returns a descriptor. -ENOENT: there is no index, and `err` stays as it
 * is. */
int index_open(const char *state_dir, struct err *err);
/* Opens the index for reading and adding, and waits so long for its lock, which
 * ends with the descriptor. *locked false: the file system has no locks. With
 * `make` a missing index is made. -EBUSY: who has the lock does not give it back. */
int index_lock(const char *state_dir, bool make, int wait_ms, bool *locked,
    struct err *err);
/* -ENODATA: the line is torn or not of our making, so it says nothing. The
 * entry is to be released in any case. */
int index_decode(
    struct index_entry *e, const char *line, size_t len, struct err *err);
/* A bad line must not keep the others back: it is refused at the end. Keeps the
 * first of them, whose number counts from 1. */
void index_refuse(struct err *refused, const char *state_dir, uint32_t number,
    const struct err *why);

#endif
