/*
 * What /proc tells of a process.
 */
#ifndef LAUNCH_PROCSTAT_H
#define LAUNCH_PROCSTAT_H

#include <stdbool.h>
#include <sys/types.h>

struct procstat {
	char state; /* 'T': stopped, 'Z': ended and not waited for, ... */
	pid_t parent;
};

/* False: it can't be told (no such process, no /proc). */
bool procstat_read(pid_t pid, struct procstat *stat);

/* Is it below the other one, as far as the processes between them live? */
bool procstat_is_below(pid_t pid, pid_t ancestor);

#endif
