/*
 * A preload library: clocks, and the times of files with them, are CLOCK_SHIFT
 * seconds off; "stopped": every clock stands still.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long
shift(void)
{
	const char *text = getenv("CLOCK_SHIFT");

	return text != NULL ? strtol(text, NULL, 10) : 0;
}

static int
is_stopped(void)
{
	const char *text = getenv("CLOCK_SHIFT");

	return text != NULL && strcmp(text, "stopped") == 0;
}

int
clock_gettime(clockid_t id, struct timespec *ts)
{
	int result = (int)syscall(SYS_clock_gettime, id, ts);

	if (is_stopped())
		*ts = (struct timespec){.tv_sec = 1577836800};
	else if (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)
		ts->tv_sec += shift();
	return result;
}

static void
shift_times(struct stat *st)
{
	if (is_stopped())
		st->st_mtim = st->st_ctim =
		    (struct timespec){.tv_sec = 1577836800};
	st->st_mtim.tv_sec += shift();
	st->st_ctim.tv_sec += shift();
}

int
fstatat(int dirfd, const char *name, struct stat *st, int flags)
{
	int result = (int)syscall(SYS_newfstatat, dirfd, name, st, flags);

	if (result == 0)
		shift_times(st);
	return result;
}

int
stat(const char *name, struct stat *st)
{
	return fstatat(AT_FDCWD, name, st, 0);
}

int
lstat(const char *name, struct stat *st)
{
	return fstatat(AT_FDCWD, name, st, AT_SYMLINK_NOFOLLOW);
}

int
fstat(int fd, struct stat *st)
{
	int result = (int)syscall(SYS_fstat, fd, st);

	if (result == 0)
		shift_times(st);
	return result;
}

int
futimens(int fd, const struct timespec times[2])
{
	struct timespec shifted[2] = {times[0], times[1]};

	shifted[0].tv_sec -= shift();
	shifted[1].tv_sec -= shift();
	return (int)syscall(SYS_utimensat, fd, NULL, shifted, 0);
}
