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
#ifndef JOURNAL_STATE_DIR_H
#define JOURNAL_STATE_DIR_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

/* $XDG_STATE_HOME/itrack, else $HOME/.local/state/itrack; NULL if neither is
 * an absolute path. The caller frees. */
char *state_dir_path(void);

/* Has the name the exact form of an attempt's,
 * 20261123T130842Z-4f8a1c0d9e2b? */
bool state_is_attempt(const char *name);
/* Has it the form of a tracker's: a small letter, then small letters, digits,
 * '_' and '-'? */
bool state_is_tracker(const char *name);
/* Is it kept.<n>, the name of a file that is kept beside a journal? */
bool state_is_kept(const char *name);

/* Makes the directory with its mark, and runs/, as far as they are missing. */
int state_make(const char *state_dir, struct err *err);

/* Is the directory that somebody names a state directory, or empty, so that it
 * can become one? It is one if it has the mark, or if every name in its runs/
 * is an attempt's. -EINVAL: no, and `err` says what is there instead. */
int state_recognise(const char *dir, struct err *err);

/* Calls `each` with every name in runs/ that does not begin with a dot, sorted,
 * until it returns false. Without runs/ it returns 0 and calls nobody. */
int state_each(const char *state_dir,
    bool (*each)(const char *name, void *data), void *data, struct err *err);

/* Opens the state directory itself (O_PATH) and returns the descriptor. */
int state_open(const char *state_dir, struct err *err);

/* Makes sure of the names beside runs/: they outlive a loss of power. */
int state_sync_names(const char *state_dir, struct err *err);

/* Opens the attempt's folder and returns the descriptor. With `make` a missing
 * folder is made. -ENOENT: there is none. */
int state_open_attempt(
    const char *state_dir, const char *attempt, bool make, struct err *err);
/* Opens a file in a folder of ours. O_NOFOLLOW, O_CLOEXEC and the like are
 * added to `flags`, and a new file has mode 0600. */
int state_open_file(int dir_fd, const char *name, int flags, struct err *err);
/* The same for a file beside runs/. */
int state_open_beside(
    const char *state_dir, const char *name, int flags, struct err *err);

/* Deletes an attempt, whose folder is `dir_fd`: the files that itrack has
 * named, then the folder. The journal goes first, because a journal without
 * cursors would be delivered once more, but cursors without a journal do no
 * harm. If there are other files in the folder, they stay, and so does the
 * folder: -ENOTEMPTY. Nothing else in the project deletes in a state
 * directory. */
int state_remove_attempt(int dir_fd, const char *attempt, struct err *err);
/* Are there other files in it, so that the folder would stay? Negative: that can't
 * be told. */
int state_has_others(int dir_fd, const char *attempt, struct err *err);

#endif
