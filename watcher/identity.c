#include "watcher/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/path.h"

/* A filter, a kernel or the moment may have the old call alone, which knows no
 * birth. */
static int
identify_by_stat(int fd, struct watcher_identity *identity)
{
	struct stat st;

	if (file_stat(fd, &st) < 0)
		return -errno;
	*identity =
	    (struct watcher_identity){.device = st.st_dev, .inode = st.st_ino};
	return 0;
}

int
identity_of(int fd, struct watcher_identity *identity)
{
	struct statx st;
	struct timespec born;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &st) < 0)
		return identify_by_stat(fd, identity);
	*identity = (struct watcher_identity){
	    .device = makedev(st.stx_dev_major, st.stx_dev_minor),
	    .inode = st.stx_ino,
	};
	born = (struct timespec){
	    .tv_sec = st.stx_btime.tv_sec, .tv_nsec = st.stx_btime.tv_nsec};
	if (st.stx_mask & STATX_BTIME)
		identity->birth_ns = clock_ns(&born);
	return 0;
}

int
watcher_identify(
    const char *path, struct watcher_identity *identity, struct err *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int result;

	if (fd < 0)
		return err_errno(err, "%s", path);
	result = identity_of(fd, identity);
	close(fd);
	if (result < 0)
		return err_set(err, result, "%s: can't be examined", path);
	return 0;
}

bool
watcher_identity_fits(
    const struct watcher_identity *now, int64_t inode, int64_t birth_ns)
{
	return (int64_t)now->inode == inode &&
	    (now->birth_ns == birth_ns || now->birth_ns == 0 || birth_ns == 0);
}

bool
watcher_identity_proves(
    const struct watcher_identity *now, int64_t inode, int64_t birth_ns)
{
	return birth_ns != 0 && now->birth_ns == birth_ns &&
	    (int64_t)now->inode == inode;
}

bool
watcher_identity_equal(
    const struct watcher_identity *a, const struct watcher_identity *b)
{
	return a->device == b->device &&
	    watcher_identity_fits(a, (int64_t)b->inode, b->birth_ns);
}

struct watcher_stamp
identity_stamp_of(const struct stat *st)
{
	return (struct watcher_stamp){.there = true,
	    .device = st->st_dev,
	    .inode = st->st_ino,
	    .mtime_ns = clock_ns(&st->st_mtim),
	    .ctime_ns = clock_ns(&st->st_ctim)};
}

struct watcher_stamp
identity_stamp_at(int dir_fd, const char *name)
{
	struct stat st;

	if (file_stat_at(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return (struct watcher_stamp){
		    .code = file_is_absent(-errno) ? 0 : -errno};
	return identity_stamp_of(&st);
}

struct watcher_stamp
identity_stamp_through(int dir_fd, const char *name)
{
	struct stat st;

	if (file_stat_at(dir_fd, name, &st, 0) < 0)
		return (struct watcher_stamp){
		    .code = file_is_absent(-errno) ? 0 : -errno};
	return identity_stamp_of(&st);
}

struct watcher_stamp
watcher_stamp(const char *dir_path, const char *name)
{
	char *path = path_join(dir_path, name);
	struct watcher_stamp stamp = identity_stamp_at(AT_FDCWD, path);

	free(path);
	return stamp;
}

bool
identity_stamp_equal(
    const struct watcher_stamp *a, const struct watcher_stamp *b)
{
	return a->there == b->there && a->device == b->device &&
	    a->inode == b->inode && a->mtime_ns == b->mtime_ns;
}
