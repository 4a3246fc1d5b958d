/* Finds the worker's program, beside the library's own file. */
#ifndef ITRACK_FIND_WORKER_H
#define ITRACK_FIND_WORKER_H

#include "base/err.h"

/* Finds itrack-worker: libexec/itrack/ in the folder of the library (or of the
 * program that it is linked into), or one or two further up, if it belongs to
 * the user, to root or to the library's owner; else where it was installed.
 * ITRACK_WORKER in the environment names another, by an absolute path (else
 * -EINVAL). -ENOENT: it is nowhere. *path is absolute and allocated; NULL
 * on failure. `err` must not be NULL. */
int worker_find(char **path, struct err *err);

#endif
