#include "wrap/worker/records_of.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "mapping/names.h"
#include "wrap/worker/place.h"
#include "wrap/worker/proc.h"

static bool
is_same(int dir_fd, const struct stat *records)
{
	struct stat st;

	return fstatat(dir_fd, RECORDS_FILE, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    st.st_dev == records->st_dev && st.st_ino == records->st_ino;
}

static void
tell(pid_t pid, const char *records_path, const struct stat *records,
    void (*found)(const char *dir, int dir_fd, pid_t pid, void *data),
    void *data)
{
	char *dir = path_parent(records_path);
	struct place place;
	int fd;

	place_find(&place, pid, dir);
	/* Where the directory could not be opened, its path leads to another. */
	fd = place.fd != 0
	    ? place.fd
	    : open(place.dir, O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0 && is_same(fd, records))
		found(place.dir, place.fd, pid, data);
	if (fd >= 0 && fd != place.fd)
		close(fd);
	place_release(&place);
	free(dir);
}

static bool
is_records(const char *target, ssize_t len)
{
	static const char end[] = "/" RECORDS_FILE;
	size_t end_len = sizeof end - 1;

	return len > (ssize_t)end_len && target[0] == '/' &&
	    memcmp(target + len - end_len, end, end_len) == 0;
}

void
records_of(pid_t pid,
    void (*found)(const char *dir, int dir_fd, pid_t pid, void *data),
    void *data)
{
	char path[64], target[PATH_MAX];
	const struct dirent *d;
	struct stat st;
	DIR *dir;

	snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	while (dir != NULL && (d = readdir(dir)) != NULL) {
		ssize_t len = readlinkat(
		    dirfd(dir), d->d_name, target, sizeof target - 1);

		if (!is_records(target, len))
			continue;
		target[len] = '\0';
		if (fstatat(dirfd(dir), d->d_name, &st, 0) == 0 &&
		    S_ISREG(st.st_mode) && proc_writes(pid, d->d_name))
			tell(pid, target, &st, found, data);
	}
	if (dir != NULL)
		closedir(dir);
}
