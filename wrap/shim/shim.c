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
 * - keeps no descriptor (programs close them all) and makes none that survives
 *   an exec; a message is socket, connect, sendmsg, close;
 * - allocates nothing, takes no lock, never waits: a full queue loses the
 *   message;
 * - makes its own system calls by syscall(), since libc's connect, sendmsg and
 *   close are cancellation points: a thread cancelled there would leak the file
 *   that it just opened;
 * - works in a vfork child and in a signal handler (only the stack is written);
 * - is inactive in set-uid programs and without ITRACK_SOCKET.
 *
 * Directories made are not reported: the marker file or the configuration is
 * opened right behind, and mkdir is common where no run is.
 */
#undef _FORTIFY_SOURCE /* its inline open would stand before ours */

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/un.h>
#include <unistd.h>

#include "wrap/shim/message.h"

/* Declared only with _FORTIFY_SOURCE. */
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int dir, const char *path, int flags);
int __openat64_2(int dir, const char *path, int flags);

#define EXPORT __attribute__((visibility("default")))

typedef int open_function(const char *, int, ...);
typedef int openat_function(int, const char *, int, ...);
typedef int open_2_function(const char *, int);
typedef int openat_2_function(int, const char *, int);
typedef int creat_function(const char *, mode_t);
typedef FILE *fopen_function(const char *, const char *);
typedef FILE *freopen_function(const char *, const char *, FILE *);
typedef int rename_function(const char *, const char *);
typedef int renameat_function(int, const char *, int, const char *);
typedef int renameat2_function(int, const char *, int, const char *, unsigned);

/* The functions behind ours. A symbol that this libc lacks stays NULL; nobody
 * can have been linked against it. */
static struct {
	open_function *open, *open64;
	openat_function *openat, *openat64;
	open_2_function *open_2, *open64_2;
	openat_2_function *openat_2, *openat64_2;
	creat_function *creat, *creat64;
	fopen_function *fopen, *fopen64;
	freopen_function *freopen, *freopen64;
	rename_function *rename;
	renameat_function *renameat;
	renameat2_function *renameat2;
} real;

static struct sockaddr_un receiver;
static socklen_t receiver_len; /* 0: nobody to tell */
static bool ready;

static void
find_receiver(void)
{
	const char *name = secure_getenv(MESSAGE_SOCKET_VARIABLE);
	size_t len = name != NULL ? strlen(name) : 0;

	if (len == 0 || len >= sizeof(receiver.sun_path))
		return;
	/* An abstract name: its first byte is NUL, its length counts. */
	receiver.sun_family = AF_UNIX;
	memcpy(receiver.sun_path + 1, name, len);
	receiver_len =
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + len);
}

/* All at once and early, because dlsym takes the loader's lock: that must not
 * happen for the first time in a forked child or a signal handler. Threads
 * that come here together write the same values. */
static void
resolve(void)
{
	static const struct {
		void *slot;
		const char *name;
	} table[] = {
	    {&real.open, "open"},
	    {&real.open64, "open64"},
	    {&real.openat, "openat"},
	    {&real.openat64, "openat64"},
	    {&real.open_2, "__open_2"},
	    {&real.open64_2, "__open64_2"},
	    {&real.openat_2, "__openat_2"},
	    {&real.openat64_2, "__openat64_2"},
	    {&real.creat, "creat"},
	    {&real.creat64, "creat64"},
	    {&real.fopen, "fopen"},
	    {&real.fopen64, "fopen64"},
	    {&real.freopen, "freopen"},
	    {&real.freopen64, "freopen64"},
	    {&real.rename, "rename"},
	    {&real.renameat, "renameat"},
	    {&real.renameat2, "renameat2"},
	};
	int saved = errno;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		void *symbol = dlsym(RTLD_NEXT, table[i].name);

		memcpy(table[i].slot, &symbol, sizeof(symbol));
	}
	find_receiver();
	errno = saved;
	__atomic_store_n(&ready, true, __ATOMIC_RELEASE);
}

/* Other libraries' constructors may run before ours and open files. */
static inline void
ensure_resolved(void)
{
	if (__builtin_expect(!__atomic_load_n(&ready, __ATOMIC_ACQUIRE), 0))
		resolve();
}

static void
send_parts(enum message_op op, struct iovec *parts, size_t part_count)
{
	unsigned char header[MESSAGE_HEADER] = {
	    MESSAGE_VERSION, (unsigned char)op};
	pid_t pid = (pid_t)syscall(SYS_getpid);
	struct msghdr msg = {.msg_iov = parts, .msg_iovlen = part_count};
	int fd;

	memcpy(header + 4, &pid, sizeof(pid));
	parts[0].iov_base = header;
	parts[0].iov_len = sizeof(header);
	fd = (int)syscall(SYS_socket, AF_UNIX,
	    SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return;
	if (syscall(SYS_connect, fd, &receiver, receiver_len) == 0)
		syscall(SYS_sendmsg, fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	syscall(SYS_close, fd);
}

/* Where a relative path begins. Returns its length, 0 if that can't be said. */
static size_t
base_directory(int dir, char *base, size_t size)
{
	/* "/proc/self/fd/" and the digits of an int */
	char link[32] = "/proc/self/fd/";
	char digits[12];
	size_t at = strlen(link), n = 0;
	long len;

	if (dir == AT_FDCWD) {
		/* Not libc's getcwd: it may allocate. Counts the NUL. */
		len = syscall(SYS_getcwd, base, size) - 1;
	} else {
		if (dir < 0)
			return 0;
		do
			digits[n++] = (char)('0' + dir % 10);
		while ((dir /= 10) > 0);
		while (n > 0)
			link[at++] = digits[--n];
		len = syscall(SYS_readlinkat, AT_FDCWD, link, base, size);
	}
	/* A directory that can't be reached from our root has no leading '/' */
	return len > 0 && base[0] == '/' ? (size_t)len : 0;
}

static __attribute__((noinline)) void
report(enum message_op op, int dir, const char *path)
{
	char base[PATH_MAX];
	struct iovec parts[4];
	size_t path_len = strlen(path), count = 1;
	int saved = errno;

	if (path[0] != '/') {
		size_t base_len = base_directory(dir, base, sizeof(base));

		if (base_len == 0 || base_len + 1 + path_len >= PATH_MAX) {
			errno = saved;
			return;
		}
		parts[count++] = (struct iovec){base, base_len};
		if (base_len > 1)
			parts[count++] =
			    (struct iovec){(void *)(uintptr_t) "/", 1};
	}
	parts[count++] = (struct iovec){(void *)(uintptr_t)path, path_len};
	send_parts(op, parts, count);
	errno = saved;
}

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

static inline bool
is_marker(const char *path)
{
	static const char marker[] = ".insidellms_run";
	const char *slash = strrchr(path, '/');

	return strcmp(slash != NULL ? slash + 1 : path, marker) == 0;
}

/* The kernel has not looked at the path yet, and has EFAULT for one that points
 * nowhere. The first page is never mapped. */
static inline bool
points_nowhere(const char *path)
{
	return (uintptr_t)path < 4096;
}

static inline void
opening(int dir, const char *path, int flags)
{
	if ((flags & O_CREAT) != 0 && receiver_len != 0 &&
	    !points_nowhere(path) && is_marker(path))
		report(MESSAGE_MARKING, dir, path);
}

static inline int
opened(int fd, int dir, const char *path, int flags)
{
	if (fd >= 0 && writes(flags) && receiver_len != 0 && of_interest(path))
		report(MESSAGE_OPEN, dir, path);
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
	/* "r", "re", "rb" read; any other mode writes, as does a '+' */
	if (file != NULL && path != NULL && receiver_len != 0 &&
	    (mode[0] != 'r' || strchr(mode, '+') != NULL) && of_interest(path))
		report(MESSAGE_OPEN, AT_FDCWD, path);
	return file;
}

static inline int
renamed(int result, int dir, const char *path)
{
	if (result == 0 && receiver_len != 0 && of_interest(path))
		report(MESSAGE_RENAME, dir, path);
	return result;
}

/* Only the modes that need it pass a mode; reading an argument that is not
 * there is harmless on no ABI we care for, but not defined either. */
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

static int
missing(void)
{
	errno = ENOSYS;
	return -1;
}

EXPORT int
open(const char *path, int flags, ...)
{
	mode_t mode = 0;

	GET_MODE(mode, flags);
	ensure_resolved();
	if (real.open == NULL)
		return missing();
	opening(AT_FDCWD, path, flags);
	return opened(real.open(path, flags, mode), AT_FDCWD, path, flags);
}

EXPORT int
open64(const char *path, int flags, ...)
{
	mode_t mode = 0;

	GET_MODE(mode, flags);
	ensure_resolved();
	if (real.open64 == NULL)
		return missing();
	opening(AT_FDCWD, path, flags);
	return opened(real.open64(path, flags, mode), AT_FDCWD, path, flags);
}

EXPORT int
openat(int dir, const char *path, int flags, ...)
{
	mode_t mode = 0;

	GET_MODE(mode, flags);
	ensure_resolved();
	if (real.openat == NULL)
		return missing();
	opening(dir, path, flags);
	return opened(real.openat(dir, path, flags, mode), dir, path, flags);
}

EXPORT int
openat64(int dir, const char *path, int flags, ...)
{
	mode_t mode = 0;

	GET_MODE(mode, flags);
	ensure_resolved();
	if (real.openat64 == NULL)
		return missing();
	opening(dir, path, flags);
	return opened(real.openat64(dir, path, flags, mode), dir, path, flags);
}

EXPORT int
__open_2(const char *path, int flags)
{
	ensure_resolved();
	if (real.open_2 == NULL)
		return missing();
	return opened(real.open_2(path, flags), AT_FDCWD, path, flags);
}

EXPORT int
__open64_2(const char *path, int flags)
{
	ensure_resolved();
	if (real.open64_2 == NULL)
		return missing();
	return opened(real.open64_2(path, flags), AT_FDCWD, path, flags);
}

EXPORT int
__openat_2(int dir, const char *path, int flags)
{
	ensure_resolved();
	if (real.openat_2 == NULL)
		return missing();
	return opened(real.openat_2(dir, path, flags), dir, path, flags);
}

EXPORT int
__openat64_2(int dir, const char *path, int flags)
{
	ensure_resolved();
	if (real.openat64_2 == NULL)
		return missing();
	return opened(real.openat64_2(dir, path, flags), dir, path, flags);
}

EXPORT int
creat(const char *path, mode_t mode)
{
	ensure_resolved();
	if (real.creat == NULL)
		return missing();
	opening(AT_FDCWD, path, O_CREAT);
	return opened(real.creat(path, mode), AT_FDCWD, path, O_WRONLY);
}

EXPORT int
creat64(const char *path, mode_t mode)
{
	ensure_resolved();
	if (real.creat64 == NULL)
		return missing();
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
	ensure_resolved();
	if (real.fopen == NULL)
		return missing_stream();
	stream_opening(path, mode);
	return stream_opened(real.fopen(path, mode), path, mode);
}

EXPORT FILE *
fopen64(const char *path, const char *mode)
{
	ensure_resolved();
	if (real.fopen64 == NULL)
		return missing_stream();
	stream_opening(path, mode);
	return stream_opened(real.fopen64(path, mode), path, mode);
}

EXPORT FILE *
freopen(const char *path, const char *mode, FILE *file)
{
	ensure_resolved();
	if (real.freopen == NULL)
		return missing_stream();
	stream_opening(path, mode);
	return stream_opened(real.freopen(path, mode, file), path, mode);
}

EXPORT FILE *
freopen64(const char *path, const char *mode, FILE *file)
{
	ensure_resolved();
	if (real.freopen64 == NULL)
		return missing_stream();
	stream_opening(path, mode);
	return stream_opened(real.freopen64(path, mode, file), path, mode);
}

EXPORT int
rename(const char *from, const char *to)
{
	ensure_resolved();
	if (real.rename == NULL)
		return missing();
	return renamed(real.rename(from, to), AT_FDCWD, to);
}

EXPORT int
renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	ensure_resolved();
	if (real.renameat == NULL)
		return missing();
	return renamed(real.renameat(from_dir, from, to_dir, to), to_dir, to);
}

EXPORT int
renameat2(
    int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
	ensure_resolved();
	if (real.renameat2 == NULL)
		return missing();
	return renamed(
	    real.renameat2(from_dir, from, to_dir, to, flags), to_dir, to);
}

/* Says that the shim works in this process: then it need not be looked for by
 * other ways. */
static __attribute__((constructor)) void
hello(void)
{
	struct iovec parts[1];
	int saved = errno;

	ensure_resolved();
	/* A program's own preinit functions run before libc knows the
	 * environment: look again. */
	if (receiver_len == 0)
		find_receiver();
	if (receiver_len != 0)
		send_parts(MESSAGE_HELLO, parts, 1);
	errno = saved;
}
