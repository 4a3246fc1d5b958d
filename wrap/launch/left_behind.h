/*
 * Finds what a short command has left behind: processes that have not executed a
 * program yet, and so have not said hello (`sh -c 'run.py &'` is over before its
 * child is a Python). Their environment names our socket.
 */
#ifndef LAUNCH_LEFT_BEHIND_H
#define LAUNCH_LEFT_BEHIND_H

#include <sys/types.h>

/* So many process IDs are looked at, some 10 microseconds each. */
#define LEFT_BEHIND_LOOKED_AT_MAX 256

/* Calls `found` for each process that began after the command and has `name` as
 * its socket. Returns 0, also without /proc, or -EAGAIN: there may be others,
 * because so many processes have begun since that they were not looked at, or
 * because one is just executing a program. */
int left_behind_find(pid_t command, const char *name,
    void (*found)(pid_t pid, void *data), void *data);

#endif
