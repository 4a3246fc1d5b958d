/*
 * The commit that a directory's work tree stands at, read from git's files
 * without running git.
 */
#ifndef BASE_GITCOMMIT_H
#define BASE_GITCOMMIT_H

/* 40 (or 64) hex digits, allocated; NULL: no work tree around `dir`, no commit
 * yet, or files that can't be read. */
char *git_commit(const char *dir);

#endif
