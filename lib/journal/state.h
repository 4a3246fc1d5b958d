/*
 * The state directory, where journals are: what is ours in it, and whose.
 *
 *	<state>/.itrack-state      the mark of a state directory
 *	<state>/index.jsonl
 *	<state>/runs/<attempt>/    journal.jsonl, cursor.<tracker>, follower.lock,
 *	                           kept.<n>
 *
 * Everything in it is opened here, and deleted here alone. Folders and files
 * are opened without following links; an attempt's folder and every file is
 * used only if it belongs to the effective user and nobody else can write it;
 * the two folders above may belong to root as well (a volume's mount point
 * does).
 *
 * What is not used is refused with -EPERM (somebody else's, or open to others)
 * or -EINVAL (not of itrack's making), and `err` names it.
 */
#ifndef JOURNAL_STATE_H
#define JOURNAL_STATE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

/* Is it the exact form of an attempt's name, 20261123T130842Z-4f8a1c0d9e2b? */
bool state_is_attempt(const char *name);
/* Of a tracker's name: a small letter, then small letters, digits, '_', '-'. */
bool state_is_tracker(const char *name);
/* kept.<n>, a file that is kept beside a journal? */
bool state_is_kept(const char *name);

/* Makes what is missing: the directory with its mark, and runs/. */
int state_make(const char *state_dir, struct err *err);

/* Is the directory that somebody names a state directory, or empty, so that
 * one can be made of it? It is one if it has the mark, or if all that is in its
 * runs/ has attempts' names. -EINVAL: no, and what stands there instead. */
int state_recognise(const char *dir, struct err *err);

/* Calls `each` with every name in runs/ that does not begin with a dot, sorted,
 * until it returns false. No runs/: 0 and no call. */
int state_each(const char *state_dir,
    bool (*each)(const char *name, void *data), void *data, struct err *err);

/* Makes sure of the names beside runs/: they outlive a loss of power. */
int state_sync_names(const char *state_dir, struct err *err);

/* The attempt's folder as a descriptor. `make`: it is made if it is missing.
 * -ENOENT: there is none. */
int state_open_attempt(
    const char *state_dir, const char *attempt, bool make, struct err *err);
/* A file in a folder of ours; O_NOFOLLOW, O_CLOEXEC and the like are added to
 * `flags`, a new file has mode 0600. */
int state_open_file(int dir_fd, const char *name, int flags, struct err *err);
/* The same for a file beside runs/. */
int state_open_beside(
    const char *state_dir, const char *name, int flags, struct err *err);

/* Deletes an attempt: the files that itrack has given their names, the journal
 * first (a journal without cursors would be delivered once more, cursors
 * without a journal are nothing), then the folder. `dir_fd` is the folder. What
 * else is in it stays, and so does the folder: -ENOTEMPTY. Nothing else in the
 * project deletes in a state directory. */
int state_remove_attempt(int dir_fd, const char *attempt, struct err *err);

#endif
