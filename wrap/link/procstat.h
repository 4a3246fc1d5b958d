/*
 * Reads what /proc tells of a process: its parent and its start; tells
 * whether it is below another.
 */
#ifndef LINK_PROCSTAT_H
#define LINK_PROCSTAT_H

#include <stdbool.h>
#include <sys/types.h>

struct procstat {
	char state; /* 'T': stopped, 'Z': ended and not waited for, ... */
	pid_t parent;
};

/* False: the process does not exist, or there is no /proc. */
bool procstat_read(pid_t pid, struct procstat *stat);

/* Is `pid` a descendant of `ancestor`? Only living processes in between can
 * show it. */
bool procstat_is_below(pid_t pid, pid_t ancestor);

#endif
