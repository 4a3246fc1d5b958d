/*
 * The preload shim: stands before libc's functions that open and rename files
 * and says, by one message, when a file of a run directory was opened for
 * writing or renamed into place. Everything else passes through at the price
 * of a look at the last part of the path.
 *
 * It lives in other people's programs, so it
 * - calls the real function first, reports only what succeeded, and leaves
 *   errno as the real function left it; the marker, which makes a directory a
 *   run, is named before as well, because the program may be killed in between;
 * - reads no memory that the kernel has not read before: a path may point
 *   nowhere, and the program gets EFAULT for it;
 * - keeps no descriptor (programs close them all) and makes none that survives
 *   an exec; a message is socket, connect, sendmsg, close, and for what goes
 *   along with it (along.c) openat, fstatfs, close;
 * - falls silent when the program locks itself up (seccomp.c);
 * - allocates nothing, takes no lock, never waits: a full queue loses the
 *   message;
 * - makes its own system calls by syscall(), since libc's connect, sendmsg and
 *   close are cancellation points: a thread cancelled there would leak the file
 *   that it just opened;
 * - works in a vfork child and in a signal handler, on a stack of a few hundred
 *   bytes more than the program itself needs;
 * - is inactive in set-uid programs and without ITRACK_SOCKET.
 *
 * It does not report new directories: the marker file or the configuration is
 * opened right behind, and mkdir is common where there is no run.
 */
#undef _FORTIFY_SOURCE /* its inline open would stand before ours */

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include "wrap/shim/real.h"
#include "wrap/shim/tell.h"

/* Declared only with _FORTIFY_SOURCE. */
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int dir, const char *path, int flags);
int __openat64_2(int dir, const char *path, int flags);

#define SAME(name, len, text) \
	((len) == sizeof(text) - 1 && memcmp(name, text, sizeof(text) - 1) == 0)

/* Is the last part of the path the name of a file in a run directory? */
static bool
of_interest(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;
	size_t len;

	switch (*name) {
	case '.':
		len = strlen(name);
		return SAME(name, len, ".insidellms_run") ||
		    SAME(name, len, ".config.resolved.yaml.tmp") ||
		    SAME(name, len, ".manifest.json.tmp") ||
		    SAME(name, len, ".explain.json.tmp");
	case 'c':
		return SAME(name, strlen(name), "config.resolved.yaml");
	case 'e':
		return SAME(name, strlen(name), "explain.json");
	case 'm':
		return SAME(name, strlen(name), "manifest.json");
	case 'r':
		len = strlen(name);
		return SAME(name, len, "records.jsonl") ||
		    SAME(name, len, "report.html");
	case 's':
		return SAME(name, strlen(name), "summary.json");
	default:
		return false;
	}
}

static inline bool
writes(int flags)
{
	if ((flags & O_PATH) != 0)
		return false;
	return (flags & O_ACCMODE) != O_RDONLY ||
	    (flags & (O_CREAT | O_TRUNC | O_APPEND)) != 0;
}

/* Memory can be read or not in this unit; a larger page is several of them. */
#define PAGE_BYTES 4096

/* Asks the kernel by an impossible change of the signal mask: it reads the set
 * of signals, here at the page, before it sees that the change is impossible.
 * (NULL would mean that there is no set.) */
static bool
page_can_be_read(uintptr_t page)
{
	return syscall(SYS_rt_sigprocmask, -1, page, NULL, 8) == -1 &&
	    errno == EINVAL;
}

/* Can the text be read, as far as it must be? The kernel has not looked at it
 * yet, and a pointer that leads nowhere gets its EFAULT from the kernel. */
static bool
text_can_be_read(const char *text)
{
	for (;;) {
		uintptr_t page = (uintptr_t)text & ~(uintptr_t)(PAGE_BYTES - 1);
		size_t left = page + PAGE_BYTES - (uintptr_t)text;

		if (!page_can_be_read(page))
			return false;
		if (memchr(text, '\0', left) != NULL)
			return true;
		text += left;
	}
}

static __attribute__((noinline)) void
about_to_create(int dir, const char *path)
{
	static const char marker[] = ".insidellms_run";
	int saved = errno;

	if (text_can_be_read(path)) {
		const char *slash = strrchr(path, '/');

		if (strcmp(slash != NULL ? slash + 1 : path, marker) == 0)
			tell(MESSAGE_MARKING, dir, path);
	}
	errno = saved;
}

static inline void
opening(int dir, const char *path, int flags)
{
	if ((flags & O_CREAT) != 0 && tell_on)
		about_to_create(dir, path);
}

static inline int
opened(int fd, int dir, const char *path, int flags)
{
	if (fd >= 0 && writes(flags) && tell_on && of_interest(path))
		tell(MESSAGE_OPEN, dir, path);
	return fd;
}

static inline void
stream_opening(const char *path, const char *mode)
{
	if (mode[0] != 'r')
		opening(AT_FDCWD, path, O_CREAT);
}

static inline FILE *
stream_opened(FILE *file, const char *path, const char *mode)
{
	/* "r", "re" and "rb" only read; any other mode writes, and so does a
	 * '+'. */
	if (file != NULL && path != NULL && tell_on &&
	    (mode[0] != 'r' || strchr(mode, '+') != NULL) && of_interest(path))
		tell(MESSAGE_OPEN, AT_FDCWD, path);
	return file;
}

static inline int
renamed(int result, int dir, const char *path)
{
	if (result == 0 && tell_on && of_interest(path))
		tell(MESSAGE_RENAME, dir, path);
	return result;
}

/* Callers pass a mode only with flags that need it. To read an argument that is
 * not there is not defined, even if it does no harm on our machines. */
static inline bool
has_mode(int flags)
{
	return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
}

#define GET_MODE(mode, flags)                           \
	do {                                            \
		if (has_mode(flags)) {                  \
			va_list ap;                     \
			va_start(ap, flags);            \
			mode = (mode_t)va_arg(ap, int); \
			va_end(ap);                     \
		}                                       \
	} while (0)

EXPORT int
open(const char *path, int flags, ...)
{
	mode_t mode = 0;

	GET_MODE(mode, flags);
	real_resolve();
	if (real.open == NULL)
		return real_missing();
	opening(AT_FDCWD, path, flags);
	return opened(real.open(path, flags, mode), AT_FDCWD, path, flags);
}

EXPORT int
open64(const char *path, int flags, ...)
{
	mode_t mode = 0;

	GET_MODE(mode, flags);
	real_resolve();
	if (real.open64 == NULL)
		return real_missing();
	opening(AT_FDCWD, path, flags);
	return opened(real.open64(path, flags, mode), AT_FDCWD, path, flags);
}

EXPORT int
openat(int dir, const char *path, int flags, ...)
{
	mode_t mode = 0;

	GET_MODE(mode, flags);
	real_resolve();
	if (real.openat == NULL)
		return real_missing();
	opening(dir, path, flags);
	return opened(real.openat(dir, path, flags, mode), dir, path, flags);
}

EXPORT int
openat64(int dir, const char *path, int flags, ...)
{
	mode_t mode = 0;

	GET_MODE(mode, flags);
	real_resolve();
	if (real.openat64 == NULL)
		return real_missing();
	opening(dir, path, flags);
	return opened(real.openat64(dir, path, flags, mode), dir, path, flags);
}

EXPORT int
__open_2(const char *path, int flags)
{
	real_resolve();
	if (real.open_2 == NULL)
		return real_missing();
	return opened(real.open_2(path, flags), AT_FDCWD, path, flags);
}

EXPORT int
__open64_2(const char *path, int flags)
{
	real_resolve();
	if (real.open64_2 == NULL)
		return real_missing();
	return opened(real.open64_2(path, flags), AT_FDCWD, path, flags);
}

EXPORT int
__openat_2(int dir, const char *path, int flags)
{
	real_resolve();
	if (real.openat_2 == NULL)
		return real_missing();
	return opened(real.openat_2(dir, path, flags), dir, path, flags);
}

EXPORT int
__openat64_2(int dir, const char *path, int flags)
{
	real_resolve();
	if (real.openat64_2 == NULL)
		return real_missing();
	return opened(real.openat64_2(dir, path, flags), dir, path, flags);
}

EXPORT int
creat(const char *path, mode_t mode)
{
	real_resolve();
	if (real.creat == NULL)
		return real_missing();
	opening(AT_FDCWD, path, O_CREAT);
	return opened(real.creat(path, mode), AT_FDCWD, path, O_WRONLY);
}

EXPORT int
creat64(const char *path, mode_t mode)
{
	real_resolve();
	if (real.creat64 == NULL)
		return real_missing();
	opening(AT_FDCWD, path, O_CREAT);
	return opened(real.creat64(path, mode), AT_FDCWD, path, O_WRONLY);
}

static FILE *
missing_stream(void)
{
	errno = ENOSYS;
	return NULL;
}

EXPORT FILE *
fopen(const char *path, const char *mode)
{
	real_resolve();
	if (real.fopen == NULL)
		return missing_stream();
	stream_opening(path, mode);
	return stream_opened(real.fopen(path, mode), path, mode);
}

EXPORT FILE *
fopen64(const char *path, const char *mode)
{
	real_resolve();
	if (real.fopen64 == NULL)
		return missing_stream();
	stream_opening(path, mode);
	return stream_opened(real.fopen64(path, mode), path, mode);
}

EXPORT FILE *
freopen(const char *path, const char *mode, FILE *file)
{
	real_resolve();
	if (real.freopen == NULL)
		return missing_stream();
	stream_opening(path, mode);
	return stream_opened(real.freopen(path, mode, file), path, mode);
}

EXPORT FILE *
freopen64(const char *path, const char *mode, FILE *file)
{
	real_resolve();
	if (real.freopen64 == NULL)
		return missing_stream();
	stream_opening(path, mode);
	return stream_opened(real.freopen64(path, mode, file), path, mode);
}

EXPORT int
rename(const char *from, const char *to)
{
	real_resolve();
	if (real.rename == NULL)
		return real_missing();
	return renamed(real.rename(from, to), AT_FDCWD, to);
}

EXPORT int
renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	real_resolve();
	if (real.renameat == NULL)
		return real_missing();
	return renamed(real.renameat(from_dir, from, to_dir, to), to_dir, to);
}

EXPORT int
renameat2(
    int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
	real_resolve();
	if (real.renameat2 == NULL)
		return real_missing();
	return renamed(
	    real.renameat2(from_dir, from, to_dir, to, flags), to_dir, to);
}

/* Says that the shim works in this process, so that nobody needs to find its
 * runs in other ways. */
static __attribute__((constructor)) void
hello(void)
{
	real_resolve();
	/* A program's own preinit functions run before libc knows the
	 * environment, so the first look may have found nothing. */
	tell_find_receiver();
	tell_hello();
}
