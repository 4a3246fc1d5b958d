#include "wrap/link/procstat.h"

#include <errno.h>
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

int
procstat_holds(pid_t pid, const char *file, const char *text, size_t len)
{
	char path[64], chunk[16 * 1024];
	size_t have = 0;
	bool any = false, holds = false;
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (!holds &&
	    (got = read(fd, chunk + have, sizeof(chunk) - have)) > 0) {
		any = true;
		have += (size_t)got;
		holds = memmem(chunk, have, text, len) != NULL;
		/* The text may be cut here. */
		if (have > len) {
			memmove(chunk, chunk + have - len, len);
			have = len;
		}
	}
	if (!holds && got < 0)
		got = -errno;
	close(fd);
	if (holds)
		return 1;
	return got < 0 ? (int)got : any ? 0 : -ENODATA;
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
