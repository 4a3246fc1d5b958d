#include "wrap/worker/there.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int
there_open_file(int fd)
{
	char link[64];
	int file;

	if (fd <= 0)
		return 0;
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	file = open(link, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return file > 0 ? file : 0;
}

static bool
is_same(const char *ours, const char *theirs)
{
	struct stat a, b;

	return stat(ours, &a) == 0 && stat(theirs, &b) == 0 &&
	    a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

int
there_open_dir(pid_t sender, const char *dir)
{
	char namespace[64], path[PATH_MAX + 64];
	int fd;

	snprintf(namespace, sizeof namespace, "/proc/%d/ns/mnt", (int)sender);
	snprintf(path, sizeof path, "/proc/%d/root/", (int)sender);
	if (is_same("/proc/self/ns/mnt", namespace) && is_same("/", path))
		return 0;
	snprintf(path, sizeof path, "/proc/%d/root%s", (int)sender, dir);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd > 0 ? fd : 0;
}
