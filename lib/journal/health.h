/*
 * The health of a journal that is there (of an attempt not yet delivered
 * everywhere): is it live, ended, empty or unreadable, and may it be read
 * later? The names of all come from state_each() (journal/state_dir.h).
 */
#ifndef JOURNAL_HEALTH_H
#define JOURNAL_HEALTH_H

#include <stdbool.h>

#include "base/err.h"
#include "journal/entry.h"
#include "journal/journal.h"

/* Reads the first entry of a journal. */
int journals_start(const char *state_dir, const char *attempt,
    struct entry *start, struct err *err);

/* May the journal be read later, because the failure passes (EIO, ESTALE, EACCES,
 * EMFILE)? A journal that is damaged or somebody else's stays so, and is
 * named. */
bool journals_may_be_read_later(int result);
/* For searches that go on: `failed` gets the error of what may be read later. */
void journals_note_unread(
    struct err *failed, int result, const struct err *why);

/* Has it not even a first entry, because its maker was killed too early or it
 * was just being removed? Then there is nothing to deliver, and what is left of
 * an old one is deleted. */
bool journals_discard_empty(const char *state_dir, const char *attempt);

/* Is its last entry the end of the run? 1, 0, or a negative errno: it could not
 * be looked at. */
int journals_has_end(
    const char *state_dir, const char *attempt, struct err *err);

/* Is the process that writes it alive? */
bool journals_is_live(const struct entry_start *start);

/* Does the process that writes the run directory live, on this host? */
bool journals_is_written(const struct entry_start *start);

#endif
