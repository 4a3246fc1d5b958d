#include "wrap/shim/tell.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "wrap/shim/along.h"
#include "wrap/shim/filters.h"

/* Most directories have shorter names. For the others, memory is mapped for as
 * long as the message takes. */
#define BASE_SIZE 256

bool tell_on;

static struct sockaddr_un receiver;
static socklen_t receiver_len;
static int launcher_filters;

/* Returns the number behind the name's last dot. */
static int
filters_in(const char *name)
{
	const char *dot = strrchr(name, '.');
	int number = 0;

	if (dot == NULL)
		return 0;
	while (*++dot >= '0' && *dot <= '9' && number < INT_MAX / 10 - 1)
		number = number * 10 + (*dot - '0');
	return number;
}

void
tell_find_receiver(void)
{
	const char *name = secure_getenv(MESSAGE_SOCKET_VARIABLE);
	size_t len = name != NULL ? strlen(name) : 0;

	if (tell_on || len == 0 || len >= sizeof(receiver.sun_path))
		return;
	/* An abstract name: its first byte is NUL, its length counts. */
	receiver.sun_family = AF_UNIX;
	memcpy(receiver.sun_path + 1, name, len);
	receiver_len =
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + len);
	launcher_filters = filters_in(name);
	tell_on = true;
}

static bool
may_speak(int filters)
{
	return filters != FILTERS_UNKNOWN && filters <= launcher_filters;
}

/* Sends the message without the descriptors if the kernel does not take these,
 * because too many are on their way. */
static void
send_with(int fd, struct msghdr *msg, const struct along *along)
{
	union {
		char bytes[CMSG_SPACE(sizeof(along->fds))];
		struct cmsghdr header;
	} control;

	if (along != NULL && along->count > 0) {
		size_t len = (size_t)along->count * sizeof(along->fds[0]);

		memset(&control, 0, sizeof(control));
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(len);
		memcpy(CMSG_DATA(&control.header), along->fds, len);
		msg->msg_control = &control;
		msg->msg_controllen = CMSG_SPACE(len);
		if (syscall(
			SYS_sendmsg, fd, msg, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
			return;
		msg->msg_control = NULL;
		msg->msg_controllen = 0;
	}
	syscall(SYS_sendmsg, fd, msg, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* `along` NULL: nothing goes along. */
static void
send_parts(enum message_op op, struct iovec *parts, size_t part_count,
    const struct along *along)
{
	unsigned char header[MESSAGE_HEADER] = {
	    MESSAGE_VERSION, (unsigned char)op};
	struct msghdr msg = {.msg_iov = parts, .msg_iovlen = part_count};
	int fd;

	parts[0].iov_base = header;
	parts[0].iov_len = sizeof(header);
	fd = (int)syscall(SYS_socket, AF_UNIX,
	    SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return;
	if (syscall(SYS_connect, fd, &receiver, receiver_len) == 0)
		send_with(fd, &msg, along);
	syscall(SYS_close, fd);
}

static void
send_word(enum message_op op)
{
	struct iovec parts[1];

	send_parts(op, parts, 1, NULL);
}

void
tell_hello(void)
{
	int saved = errno;

	if (tell_on && may_speak(filters_at_start()))
		send_word(MESSAGE_HELLO);
	errno = saved;
}

/* Writes the directory where a relative path begins. Returns its length; 0: it
 * is not known; -ERANGE: it is longer than the room. */
static long
base_directory(int dir, char *base, size_t size)
{
	/* "/proc/self/fd/" and the digits of an int */
	char link[32] = "/proc/self/fd/";
	char digits[12];
	size_t at = strlen(link), n = 0;
	long len;

	if (dir == AT_FDCWD) {
		/* libc's getcwd may allocate. The length counts the NUL. */
		len = syscall(SYS_getcwd, base, size);
		if (len < 0)
			return errno == ERANGE ? -ERANGE : 0;
		len--;
	} else {
		if (dir < 0)
			return 0;
		do
			digits[n++] = (char)('0' + dir % 10);
		while ((dir /= 10) > 0);
		while (n > 0)
			link[at++] = digits[--n];
		len = syscall(SYS_readlinkat, AT_FDCWD, link, base, size);
		if (len == (long)size)
			return -ERANGE; /* it may have been cut */
	}
	/* A directory that can't be reached from our root has no leading '/' */
	return len > 0 && base[0] == '/' ? len : 0;
}

static void
send_path(enum message_op op, const char *base, size_t base_len,
    const char *path, const struct along *along)
{
	struct iovec parts[4];
	size_t path_len = strlen(path), count = 1;

	if (base_len > 0) {
		if (base_len + 1 + path_len >= PATH_MAX)
			return;
		parts[count++] =
		    (struct iovec){(void *)(uintptr_t)base, base_len};
		if (base_len > 1)
			parts[count++] =
			    (struct iovec){(void *)(uintptr_t) "/", 1};
	}
	parts[count++] = (struct iovec){(void *)(uintptr_t)path, path_len};
	send_parts(op, parts, count, along);
}

/* Maps memory for each message. From a pool, a buffer that one thread holds
 * while another forks would be lost in the child. */
static __attribute__((noinline)) void
send_below_deep(
    enum message_op op, int dir, const char *path, const struct along *along)
{
	void *room = (void *)syscall(SYS_mmap, NULL, PATH_MAX,
	    PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long len;

	if (room == MAP_FAILED)
		return;
	len = base_directory(dir, room, PATH_MAX);
	if (len > 0)
		send_path(op, room, (size_t)len, path, along);
	syscall(SYS_munmap, room, PATH_MAX);
}

static __attribute__((noinline)) void
send_below(
    enum message_op op, int dir, const char *path, const struct along *along)
{
	char base[BASE_SIZE];
	long len = base_directory(dir, base, sizeof(base));

	if (len > 0)
		send_path(op, base, (size_t)len, path, along);
	else if (len == -ERANGE)
		send_below_deep(op, dir, path, along);
}

void
tell(enum message_op op, int dir, const char *path)
{
	struct along along;
	int saved = errno;

	/* One step after the other, so that the steps don't add up on the
	 * stack. */
	if (may_speak(filters_now())) {
		along_open(&along, op, dir, path);
		if (path[0] == '/')
			send_path(op, NULL, 0, path, &along);
		else
			send_below(op, dir, path, &along);
		along_close(&along);
	}
	errno = saved;
}

void
tell_silent(void)
{
	int saved = errno;

	if (tell_on && may_speak(filters_now()))
		send_word(MESSAGE_SILENT);
	errno = saved;
}

void
tell_never_again(void)
{
	static const char name[] = MESSAGE_SOCKET_VARIABLE "=";

	tell_on = false;
	for (char **entry = environ; entry != NULL && *entry != NULL; entry++)
		if (strncmp(*entry, name, sizeof(name) - 1) == 0)
			(*entry)[sizeof(name) - 1] = '\0';
}
