#include "base/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"

/* Opens one component. With O_NOFOLLOW, O_DIRECTORY gives ENOTDIR for a link,
 * too. */
static int
open_component(int dirfd, const char *name, bool make, struct err *err)
{
	int fd, refused = 0;
	struct stat st;

	if (make && mkdirat(dirfd, name, 0777) < 0 && errno != EEXIST)
		refused = errno;
	/* A file system that can't be written says so of what is there, too. */
	if (refused != 0 && refused != EROFS) {
		errno = refused;
		return err_errno(err, "cannot create %s", name);
	}
	fd = openat(
	    dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	if (errno == ENOENT && refused != 0) {
		errno = refused;
		return err_errno(err, "cannot create %s", name);
	}
	if (errno == ENOTDIR &&
	    fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISLNK(st.st_mode))
		return err_set(err, -ELOOP,
		    "%s is a symbolic link, which is not followed", name);
	return err_errno(err, "cannot open %s", name);
}

int
folder_open(int dirfd, const char *path, bool make, struct err *err)
{
	char *copy, *at, *name;
	int fd = dirfd, next = 0;

	if (path[strspn(path, "/")] == '\0') {
		fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		return fd >= 0
		    ? fd
		    : err_errno(err, "cannot open the folder of %s", path);
	}
	at = copy = xstrdup(path);
	while (next >= 0 && (name = strsep(&at, "/")) != NULL) {
		if (name[0] == '\0')
			continue;
		next = strcmp(name, "..") == 0
		    ? err_set(err, -EINVAL, "%s leads out of the folder", path)
		    : open_component(fd, name, make, err);
		if (fd != dirfd)
			close(fd);
		fd = next;
	}
	free(copy);
	return fd;
}

int
folder_open_parent(
    int dirfd, const char *path, bool make, const char **base, struct err *err)
{
	const char *slash = strrchr(path, '/');
	char *parent =
	    xstrndup(path, slash != NULL ? (size_t)(slash - path) : 0);
	int fd = folder_open(dirfd, parent, make, err);

	*base = slash != NULL ? slash + 1 : path;
	free(parent);
	return fd;
}

bool
folder_is_ours(int dirfd, const struct stat *st)
{
	struct stat folder;

	return st->st_uid == geteuid() ||
	    (fstat(dirfd, &folder) == 0 && st->st_uid == folder.st_uid);
}

int
folder_open_file(int dirfd, const char *name, int flags, struct err *err)
{
	int fd = openat(dirfd, name,
	    flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0666);
	struct stat st;
	int result = 0;

	/* It is a FIFO that nobody reads. */
	if (fd < 0 && errno == ENXIO)
		return err_set(err, -EINVAL, "%s: not a regular file", name);
	if (fd < 0 && errno == ELOOP)
		return err_set(err, -ELOOP,
		    "%s is a symbolic link, which is not followed", name);
	if (fd < 0)
		return err_errno(err, "cannot open %s", name);
	if (fstat(fd, &st) < 0)
		result = err_errno(err, "%s", name);
	else if (!S_ISREG(st.st_mode))
		result = err_set(err, -EINVAL, "%s: not a regular file", name);
	else if (!folder_is_ours(dirfd, &st))
		result = err_set(err, -EPERM,
		    "%s belongs to another user (%ju) and is left alone", name,
		    (uintmax_t)st.st_uid);
	if (result == 0)
		return fd;
	close(fd);
	return result;
}

int
folder_mark(int fd, char mark[FOLDER_MARK_SIZE], struct err *err)
{
	struct statx st = {0};
	struct timespec born;
	struct stat plain;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &st) < 0) {
		/* A filter or a kernel may have the old call alone. */
		if (fstat(fd, &plain) < 0)
			return err_errno(err, "cannot look at the folder");
		st.stx_ino = plain.st_ino;
	}
	born = (struct timespec){
	    .tv_sec = st.stx_btime.tv_sec, .tv_nsec = st.stx_btime.tv_nsec};
	snprintf(mark, FOLDER_MARK_SIZE, "%ju %jd", (uintmax_t)st.stx_ino,
	    (intmax_t)((st.stx_mask & STATX_BTIME) != 0 ? clock_ns(&born) : 0));
	return 0;
}
