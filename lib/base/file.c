#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/tempfile.h"

#define READ_CHUNK_BYTES (64 * 1024)

bool
file_is_absent(int code)
{
	return code == -ENOENT || code == -ENOTDIR;
}

bool
file_is_unknown(int code)
{
	return code < 0 && !file_is_absent(code) && code != -EINVAL &&
	    code != -ELOOP && code != -EMSGSIZE;
}

/* Where libc's struct stat is the kernel's. */
#if defined(__LP64__) && \
    (defined(__x86_64__) || defined(__aarch64__) || defined(__riscv))
#define HAS_KERNEL_STAT 1
#else
#define HAS_KERNEL_STAT 0
#endif

int
file_stat(int fd, struct stat *st)
{
#if HAS_KERNEL_STAT
	return (int)syscall(SYS_fstat, fd, st);
#else
	return fstat(fd, st);
#endif
}

int
file_stat_at(int dirfd, const char *name, struct stat *st, int flags)
{
#if HAS_KERNEL_STAT
	return (int)syscall(SYS_newfstatat, dirfd, name, st, flags);
#else
	return fstatat(dirfd, name, st, flags);
#endif
}

int
file_set_times(int fd, const struct timespec times[2])
{
#if HAS_KERNEL_STAT
	return (int)syscall(SYS_utimensat, fd, NULL, times, 0);
#else
	return futimens(fd, times);
#endif
}

int
file_look(
    int dirfd, const char *name, int flags, struct stat *st, struct err *err)
{
	struct stat own;

	if (file_stat_at(dirfd, name, st != NULL ? st : &own, flags) == 0)
		return 1;
	return file_is_absent(-errno) ? 0 : err_errno(err, "%s", name);
}

static bool
is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

int
file_each_name(int dirfd, const char *path,
    int (*each)(const char *name, void *data), void *data, struct err *err)
{
	int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *d;
	int result = 0;

	if (dir == NULL) {
		result = err_errno(err, "%s", path);
		if (fd >= 0)
			close(fd);
		return result;
	}
	while (result == 0 && (errno = 0, d = readdir(dir)) != NULL)
		if (!is_dots(d->d_name))
			result = each(d->d_name, data);
	if (result == 0 && errno != 0)
		result = err_errno(err, "%s", path);
	closedir(dir);
	return result;
}

/* Opens what `st` says is a regular file. We look before we open, because opening
 * a device can have effects; the second look catches a change between the two.
 * `flags`: O_NOFOLLOW or 0. */
static int
open_looked_at(
    int dirfd, const char *name, int flags, struct stat *st, struct err *err)
{
	int fd, code;

	if (!S_ISREG(st->st_mode))
		return err_set(err, -EINVAL, "%s: not a regular file", name);
	fd = openat(
	    dirfd, name, O_RDONLY | flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(err, "%s", name);
	if (file_stat(fd, st) < 0)
		code = err_errno(err, "%s", name);
	else if (!S_ISREG(st->st_mode))
		code = err_set(err, -EINVAL, "%s: not a regular file", name);
	else
		return fd;
	close(fd);
	return code;
}

int
file_open_regular(int dirfd, const char *name, struct stat *st, struct err *err)
{
	struct stat own;

	if (st == NULL)
		st = &own;
	if (file_stat_at(dirfd, name, st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_errno(err, "%s", name);
	return open_looked_at(dirfd, name, O_NOFOLLOW, st, err);
}

int
file_open_through_links(
    int dirfd, const char *name, struct stat *st, struct err *err)
{
	struct err why = ERR_INIT;
	struct stat own;
	int fd;

	if (st == NULL)
		st = &own;
	if (file_stat_at(dirfd, name, st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_errno(err, "%s", name);
	if (file_stat_at(dirfd, name, st, 0) < 0)
		return err_set(err, errno == ENOENT ? -ENOLINK : -errno,
		    "%s: a link that can't be followed: %s", name,
		    strerror(errno));
	fd = open_looked_at(dirfd, name, 0, st, &why);
	return fd >= 0
	    ? fd
	    : err_set(err, fd == -ENOENT ? -ESTALE : fd, "%s", why.message);
}

ssize_t
file_read_at(int fd, void *to, size_t len, off_t at)
{
	size_t have = 0;
	ssize_t n = 1;

	while (have < len && n != 0) {
		n = pread(fd, (char *)to + have, len - have, at + (off_t)have);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			have += (size_t)n;
	}
	return (ssize_t)have;
}

int
file_last_line_end(int fd, const char *name, off_t *at, struct err *err)
{
	char chunk[4096];

	while (*at > 0) {
		size_t want =
		    *at > (off_t)sizeof chunk ? sizeof chunk : (size_t)*at;
		ssize_t n = file_read_at(fd, chunk, want, *at - (off_t)want);
		const char *newline;

		if (n != (ssize_t)want)
			return err_set(err, n < 0 ? (int)n : -EIO, "%s: %s",
			    name,
			    n < 0 ? strerror((int)-n)
				  : "it has become shorter");
		*at -= (off_t)want;
		newline = memrchr(chunk, '\n', want);
		if (newline == NULL)
			continue;
		*at += newline - chunk + 1;
		break;
	}
	return 0;
}

int
file_read_rest(int fd, const char *name, struct buf *out, struct err *err)
{
	int result = 0;

	for (;;) {
		char *room = buf_reserve(out, READ_CHUNK_BYTES);
		ssize_t n;

		if (room == NULL) {
			result = err_set(err, -EMSGSIZE,
			    "%s: larger than %zu bytes", name, out->max);
			break;
		}
		n = read(fd, room, READ_CHUNK_BYTES);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			result = err_errno(err, "%s", name);
		if (n <= 0)
			break;
		buf_advance(out, (size_t)n);
	}
	return result;
}

int
file_read_all(int dirfd, const char *name, struct buf *out, struct err *err)
{
	int fd = file_open_regular(dirfd, name, NULL, err), result;

	if (fd < 0)
		return fd;
	result = file_read_rest(fd, name, out, err);
	close(fd);
	return result;
}

int
file_read_through_links(
    int dirfd, const char *name, struct buf *out, struct err *err)
{
	struct err why = ERR_INIT;
	int fd = file_open_through_links(dirfd, name, NULL, &why), result;

	if (fd < 0)
		return err_set(
		    err, fd == -ENOLINK ? -ENOENT : fd, "%s", why.message);
	result = file_read_rest(fd, name, out, err);
	close(fd);
	return result;
}

/* `len`: of `out` before the reading, which came to `result`. */
static int
answer(int result, struct buf *out, size_t len, const struct err *why,
    struct err *err)
{
	if (result == 0)
		return 1;
	buf_truncate(out, len);
	return file_is_unknown(result)
	    ? err_set(err, result, "%s", why->message)
	    : 0;
}

int
file_read_if_there(
    int dirfd, const char *name, struct buf *out, struct err *err)
{
	struct err why = ERR_INIT;
	size_t len = out->len;

	return answer(
	    file_read_all(dirfd, name, out, &why), out, len, &why, err);
}

int
file_read_linked_if_there(
    int dirfd, const char *name, struct buf *out, struct err *err)
{
	struct err why = ERR_INIT;
	size_t len = out->len;

	return answer(file_read_through_links(dirfd, name, out, &why), out, len,
	    &why, err);
}

int
file_write_all(int fd, const void *data, size_t len, struct err *err)
{
	const char *at = data;

	while (len > 0) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, "write");
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

int
file_make_dirs(const char *path, mode_t mode, struct err *err)
{
	char *copy, *slash;
	struct stat st;
	int result = 0, there;

	/* Mostly the parents exist, and often the directory itself does,
	 * too. */
	if (mkdir(path, mode) == 0 ||
	    (stat(path, &st) == 0 && S_ISDIR(st.st_mode)))
		return 0;
	slash = copy = xstrdup(path);
	while (slash != NULL && result == 0) {
		slash = strchr(slash + 1, '/');
		if (slash != NULL)
			*slash = '\0';
		result = mkdir(copy, mode) < 0 && errno != EEXIST ? -errno : 0;
		/* So says a file system that can't be written of what is there,
		 * too. */
		if (result == -EROFS && stat(copy, &st) == 0)
			result = 0;
		if (result < 0)
			err_set(err, result, "%s: %s", copy, strerror(-result));
		if (slash != NULL)
			*slash = '/';
	}
	there = result == 0 ? file_look(AT_FDCWD, path, 0, &st, err) : 0;
	if (there < 0)
		result = there;
	else if (result == 0 && (there == 0 || !S_ISDIR(st.st_mode)))
		result = err_set(err, -ENOTDIR, "%s: not a directory", path);
	free(copy);
	return result;
}

int
file_replace(int dirfd, const char *name, const void *data, size_t len,
    mode_t mode, struct err *err)
{
	const struct tempfile_bytes bytes = {data, len, mode, false};

	return tempfile_write(dirfd, name, NULL, &bytes, err);
}

static int
nameless_on_disk(void)
{
	const char *dir = getenv("TMPDIR");

	return open(dir != NULL && dir[0] == '/' ? dir : P_tmpdir,
	    O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
}

int
file_nameless(bool on_disk, struct err *err)
{
	int fd =
	    on_disk ? nameless_on_disk() : memfd_create("itrack", MFD_CLOEXEC);

	if (fd < 0)
		fd = on_disk ? memfd_create("itrack", MFD_CLOEXEC)
			     : nameless_on_disk();
	if (fd < 0)
		return err_errno(err, "no temporary file");
	return fd;
}

ssize_t
file_copy_some(int from, int to, size_t len, struct err *err)
{
	char chunk[READ_CHUNK_BYTES];
	ssize_t n;

	n = copy_file_range(from, NULL, to, NULL, len, 0);
	if (n > 0)
		return n;
	/* Other file systems, old kernels and special files need a plain copy.
	 * After a 0 we try again, because some file systems return it for no
	 * reason. */
	if (n < 0 && errno != EXDEV && errno != EINVAL && errno != ENOSYS &&
	    errno != EOPNOTSUPP && errno != EPERM && errno != EBADF &&
	    errno != ETXTBSY)
		return err_errno(err, "copy");
	do
		n = read(from, chunk, len < sizeof chunk ? len : sizeof chunk);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_errno(err, "read");
	if (n > 0 && file_write_all(to, chunk, (size_t)n, err) < 0)
		return err != NULL ? err->code : -EIO;
	return n;
}

/* The kernel can't wait for a lock with a limit, so we ask again and again: soon at
 * first, because most locks are held for a moment. */
#define NAP_FIRST_NS 50000
#define NAP_LAST_NS  5000000

int
file_lock(int fd, int wait_ms)
{
	int64_t until_ms = clock_mono_ms() + wait_ms;
	struct timespec nap = {0, NAP_FIRST_NS};

	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		if (clock_mono_ms() >= until_ms)
			return -EBUSY;
		nanosleep(&nap, NULL);
		if (nap.tv_nsec < NAP_LAST_NS)
			nap.tv_nsec *= 2;
	}
	return 0;
}
