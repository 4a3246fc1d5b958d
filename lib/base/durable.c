#include "base/durable.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"

/* One more is synced for each of its folders. */
#define ROUND_MAX 16

/* The file systems that were synced in this round, and how: the kernel tells an
 * error once, and what was lost by then may be anybody's. */
static struct {
	bool on;
	size_t len;
	struct {
		dev_t device;
		int error;
	} list[ROUND_MAX];
} done;

void
durable_round_begin(void)
{
	done.on = true;
	done.len = 0;
}

void
durable_round_end(void)
{
	done.on = false;
}

/* 0, or an errno. */
static int
sync_all_of(int fd)
{
	struct stat st = {0};
	bool known = fstat(fd, &st) == 0;
	int error;

	for (size_t i = 0; known && done.on && i < done.len; i++)
		if (done.list[i].device == st.st_dev)
			return done.list[i].error;
	error = syncfs(fd) < 0 ? errno : 0;
	if (known && done.on && done.len < ROUND_MAX) {
		done.list[done.len].device = st.st_dev;
		done.list[done.len++].error = error;
	}
	return error;
}

static bool
has_no_syncs(int error)
{
	return error == EINVAL || error == EROFS || error == ENOSYS ||
	    error == EOPNOTSUPP;
}

int
durable_folder(const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), result = 0;
	int error;

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR
		    ? 0
		    : err_errno(err, "cannot sync %s", path);
	error = sync_all_of(fd);
	if (error != 0)
		result = err_set(
		    err, -error, "cannot sync %s: %s", path, strerror(error));
	close(fd);
	return result;
}

/* Closes the descriptor. */
static int
sync_names(int fd, const char *path, struct err *err)
{
	int result = 0;

	if (fd < 0)
		return err_errno(err, "cannot sync %s", path);
	if (fsync(fd) < 0 && !has_no_syncs(errno))
		result = err_errno(err, "cannot sync %s", path);
	close(fd);
	return result;
}

int
durable_names(int fd, const char *name, const char *path, struct err *err)
{
	return sync_names(
	    openat(fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC), path, err);
}

int
durable_path(const char *path, struct err *err)
{
	char *folder = path_parent(path), *above;
	int result = 0;

	while (result == 0) {
		int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (fd >= 0 || errno != EACCES)
			result = sync_names(fd, folder, err);
		if (strcmp(folder, "/") == 0 || strcmp(folder, ".") == 0)
			break;
		above = path_parent(folder);
		free(folder);
		folder = above;
	}
	free(folder);
	return result;
}
