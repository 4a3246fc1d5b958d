/* Which runs does a process write? By the records that it has open. */
#ifndef WRAP_WORKER_SEARCH_RECORDS_OF_H
#define WRAP_WORKER_SEARCH_RECORDS_OF_H

#include <sys/types.h>

/* For each records.jsonl that the process has open for writing: its directory,
 * by a path of ours, or, where there is none, as an open directory with the
 * path that the process has for it (another mount namespace, another root);
 * `dir_fd`, borrowed, is 0 for the former, and a negative errno where the
 * directory could not be looked at. Returns 0 or a negative errno: not all of the
 * open files could be looked at. */
int records_of(pid_t pid,
    void (*found)(const char *dir, int dir_fd, pid_t pid, void *data),
    void *data);

#endif
