/*
 * The commit that a directory's work tree stands at and where the repository
 * comes from, read from git's files without running git. The caller asks when a
 * run begins, because the work tree may be at another commit later.
 */
#ifndef BASE_GIT_H
#define BASE_GIT_H

/* 40 (or 64) hex digits, allocated; NULL: no work tree around `dir`, no commit
 * yet, or files that can't be read. */
char *git_commit(const char *dir);
/* The URL of the remote "origin" as bytes, without user and password;
 * allocated. NULL: there is none. */
char *git_remote(const char *dir);

#endif
