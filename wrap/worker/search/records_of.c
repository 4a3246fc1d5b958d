#include "wrap/worker/search/records_of.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"
#include "mapping/names.h"
#include "wrap/worker/reach.h"
#include "wrap/worker/proc.h"

struct process {
	pid_t pid;
	void (*found)(const char *dir, int dir_fd, pid_t pid, void *data);
	void *data;
};

/* Returns 1 if it is the directory of these records, 0 if it is another one, or
 * a negative errno. */
static int
is_same(int dir_fd, const struct stat *records)
{
	struct stat st;
	int there =
	    file_look(dir_fd, RECORDS_FILE, AT_SYMLINK_NOFOLLOW, &st, NULL);

	return there > 0
	    ? st.st_dev == records->st_dev && st.st_ino == records->st_ino
	    : there;
}

static void
tell(const struct process *p, const char *records_path,
    const struct stat *records)
{
	char *dir = path_parent(records_path);
	struct reach reach;
	int fd, same;

	reach_dir(&reach, p->pid, dir);
	/* Where the directory could not be opened, its path leads to another. */
	fd = reach.fd != 0
	    ? reach.fd
	    : open(reach.dir, O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC);
	same = fd < 0 && reach.fd == 0 ? -errno : fd;
	if (fd >= 0)
		same = is_same(fd, records);
	if (same > 0)
		p->found(reach.dir, reach.fd, p->pid, p->data);
	else if (same < 0 && !file_is_absent(same))
		p->found(reach.dir, same, p->pid, p->data);
	if (fd >= 0 && fd != reach.fd)
		close(fd);
	reach_release(&reach);
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

static int
look_at(int fds, const char *number, void *data)
{
	const struct process *p = data;
	char target[PATH_MAX];
	ssize_t len = readlinkat(fds, number, target, sizeof target - 1);
	struct stat st;

	if (!is_records(target, len))
		return 0;
	target[len] = '\0';
	if (fstatat(fds, number, &st, 0) == 0 && S_ISREG(st.st_mode) &&
	    proc_writes(p->pid, number))
		tell(p, target, &st);
	return 0;
}

int
records_of(pid_t pid,
    void (*found)(const char *dir, int dir_fd, pid_t pid, void *data),
    void *data)
{
	struct process p = {.pid = pid, .found = found, .data = data};

	return proc_each_descriptor(pid, look_at, &p);
}
