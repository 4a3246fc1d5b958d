/*
 * Which commit of which repository a run was started from, read from .git
 * itself: no program is started.
 */
#ifndef TRACKER_WANDB_GIT_H
#define TRACKER_WANDB_GIT_H

/* Looks in `directory` (a text) and those above it. Both may be NULL, each
 * alone too; the remote is that of "origin", without user and password.
 * Allocated. */
void wandb_git_read(const char *directory, char **remote, char **commit);

#endif
