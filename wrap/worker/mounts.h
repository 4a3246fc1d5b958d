/* One directory, two mount namespaces. */
#ifndef WRAP_WORKER_MOUNTS_H
#define WRAP_WORKER_MOUNTS_H

#include <sys/types.h>

/* The path by which we may find what a process of another mount namespace (a
 * container), or with another root directory, finds by `path`: by what both
 * have mounted. Allocated; NULL: we have no such place. Whether it is the same
 * directory is the caller's to check. */
char *mounts_path_of_ours(pid_t pid, const char *path);

#endif
