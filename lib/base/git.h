/*
 * The commit that a directory's work tree stands at and where the repository
 * comes from, read from git's files without running git. Asked when a run
 * begins: later the work tree may stand elsewhere.
 */
#ifndef BASE_GIT_H
#define BASE_GIT_H

/* 40 (or 64) hex digits, allocated; NULL: no work tree around `dir`, no commit
 * yet, or files that can't be read. */
char *git_commit(const char *dir);
/* The URL of the remote "origin" without user and password, bytes, allocated;
 * NULL: none. */
char *git_remote(const char *dir);

#endif
