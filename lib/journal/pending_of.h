/*
 * The pending attempts of one directory. Each new run looks for them, and
 * thousands may be pending. What an attempt's first entry says of its directory
 * never changes, so a process reads each of them once, and learns from the
 * kernel which came and left since (changes.h).
 */
#ifndef JOURNAL_PENDING_OF_H
#define JOURNAL_PENDING_OF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "journal/dir_table.h"

/* Calls `each`, as state_each() does, but only for attempts that may be of this
 * directory (dir_table.h). A negative errno: there may be one more, which
 * can't be read now; the others were all given. */
int journals_each_of(const char *state_dir, const struct directory_now *now,
    bool (*each)(const char *attempt, void *data), void *data, struct err *err);

/* Says which attempts could not be read, a line each; "": none. The text is
 * valid until the next search. */
const char *journals_of_refused(void);

#endif
