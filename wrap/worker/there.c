#include "wrap/worker/there.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

int
there_open_file(int fd)
{
	char link[64];
	int file;

	if (fd <= 0)
		return 0;
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	file = open(link, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (file < 0)
		return file_is_unknown(-errno) ? -errno : 0;
	return file > 0 ? file : 0;
}

/* A process that is gone, or that the kernel lets nobody look at, tells
 * nothing. */
static int
code_of(int code)
{
	return file_is_absent(code) || code == -EACCES || code == -EPERM ||
		code == -ESRCH
	    ? 0
	    : code;
}

/* 1, 0: they differ or it can't be told, or a negative errno. */
static int
is_same(const char *ours, const char *theirs)
{
	struct stat a, b;

	if (stat(ours, &a) < 0 || stat(theirs, &b) < 0)
		return code_of(-errno);
	return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

int
there_open_dir(pid_t sender, const char *dir)
{
	char namespace[64], path[PATH_MAX + 64];
	int fd, same;

	snprintf(namespace, sizeof namespace, "/proc/%d/ns/mnt", (int)sender);
	snprintf(path, sizeof path, "/proc/%d/root/", (int)sender);
	same = is_same("/proc/self/ns/mnt", namespace);
	if (same > 0)
		same = is_same("/", path);
	if (same != 0)
		return same < 0 ? same : 0;
	snprintf(path, sizeof path, "/proc/%d/root%s", (int)sender, dir);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return code_of(-errno);
	return fd > 0 ? fd : 0;
}
