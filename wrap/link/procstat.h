/*
 * Reads what /proc tells of a process: its parent and its start; tells whether it
 * is below another, and whether a file of it there holds a text.
 */
#ifndef LINK_PROCSTAT_H
#define LINK_PROCSTAT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct procstat {
	char state; /* 'T': stopped, 'Z': ended and not waited for, ... */
	pid_t parent;
};

/* False: the process does not exist, or there is no /proc. */
bool procstat_read(pid_t pid, struct procstat *stat);

/* Does /proc/PID/FILE (environ, maps) hold this text? 1, 0, -ENODATA (the file is
 * empty) or another negative errno: it can't be read. */
int procstat_holds(pid_t pid, const char *file, const char *text, size_t len);

/* Is `pid` a descendant of `ancestor`? Only living processes in between can
 * show it. */
bool procstat_is_below(pid_t pid, pid_t ancestor);

#endif
