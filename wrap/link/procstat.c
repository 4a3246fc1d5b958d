#include "wrap/link/procstat.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* More processes one below the other than anybody has; a bound, if process IDs
 * are given anew while we look. */
#define DEPTH_MAX 1000

bool
procstat_read(pid_t pid, struct procstat *stat)
{
	char path[32], text[512];
	const char *behind_name;
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (len <= 0)
		return false;
	text[len] = '\0';
	/* "PID (NAME) STATE PARENT ...": the name may hold anything. */
	behind_name = strrchr(text, ')');
	return behind_name != NULL &&
	    sscanf(behind_name + 1, " %c %d", &stat->state, &stat->parent) == 2;
}

bool
procstat_is_below(pid_t pid, pid_t ancestor)
{
	struct procstat stat;

	for (int i = 0; i < DEPTH_MAX && pid > 0; i++) {
		if (!procstat_read(pid, &stat))
			return false;
		if (stat.parent == ancestor)
			return true;
		pid = stat.parent;
	}
	return false;
}
