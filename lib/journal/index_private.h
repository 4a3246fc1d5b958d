/* What index.c (the file: its lines are written, and read one after the other)
 * and index_kept.c (which of them are of a directory or an attempt) share. */
#ifndef JOURNAL_INDEX_PRIVATE_H
#define JOURNAL_INDEX_PRIVATE_H

#include "journal/index.h"

#define INDEX_FILE "index.jsonl"
/* A line holds a few paths; a longer one is not ours. */
#define INDEX_LINE_MAX (1024 * 1024)

/* Returns a descriptor. -ENOENT: there is no index, and `err` stays as it
 * is. */
int index_open(const char *state_dir, struct err *err);
/* -ENODATA: the line is torn or not of our making, so it says nothing. The
 * entry is to be released in any case. */
int index_decode(
    struct index_entry *e, const char *line, size_t len, struct err *err);
/* A bad line must not keep the others back: it is refused at the end. Keeps the
 * first of them, whose number counts from 1. */
void index_refuse(struct err *refused, const char *state_dir, uint32_t number,
    const struct err *why);

#endif
