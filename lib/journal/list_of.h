/*
 * The pending attempts of one directory. Thousands may be pending, and each new
 * run asks: what their first entries say of their directories never changes, so
 * a process reads each of them once.
 */
#ifndef JOURNAL_LIST_OF_H
#define JOURNAL_LIST_OF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* Calls `each`, as state_each() does, for those attempts alone that may be
 * of this directory: by its inode or by the last part of its name (as text,
 * format/text.h). A negative errno, after all others: there may be one more that
 * can't be read now. */
int journals_each_of(const char *state_dir, int64_t inode, const char *name,
    bool (*each)(const char *attempt, void *data), void *data, struct err *err);

/* What could not be looked at, a line each; "": nothing. It stands until the
 * next look. */
const char *journals_of_refused(void);

#endif
