#include "wrap/launch/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "wrap/shim/message.h"

_Static_assert(LINK_DATA_MAX >= MESSAGE_MAX, "a message fits into a packet");

/* An abstract name: the first byte is NUL, the length counts. */
static socklen_t
set_address(struct sockaddr_un *address, const char *name)
{
	size_t len = strlen(name);

	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	if (len > sizeof(address->sun_path) - 1)
		len = sizeof(address->sun_path) - 1;
	memcpy(address->sun_path + 1, name, len);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + len);
}

/* Standard streams that were closed at entry must stay closed: nothing of ours
 * may sit there. */
static int
above_standard(int fd)
{
	int moved;

	if (fd > STDERR_FILENO)
		return fd;
	moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	close(fd);
	return moved;
}

int
listen_open(char name[LISTEN_NAME_SIZE])
{
	struct sockaddr_un address;
	uint64_t number;
	socklen_t len;
	int fd, code, yes = 1;

	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) != sizeof(number))
		return -EAGAIN;
	snprintf(name, LISTEN_NAME_SIZE, "itrack-%016llx",
	    (unsigned long long)number);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0)
		fd = above_standard(fd);
	if (fd < 0)
		return -errno;
	len = set_address(&address, name);
	if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &yes, sizeof(yes)) < 0 ||
	    bind(fd, (struct sockaddr *)&address, len) < 0) {
		code = -errno;
		close(fd);
		return code;
	}
	return fd;
}

static const struct ucred *
credentials(struct msghdr *msg)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL;
	     c = CMSG_NXTHDR(msg, c))
		if (c->cmsg_level == SOL_SOCKET &&
		    c->cmsg_type == SCM_CREDENTIALS)
			return (const struct ucred *)CMSG_DATA(c);
	return NULL;
}

int
listen_take(int fd, struct link_message *message)
{
	/* MSG_CTRUNC drops descriptors that somebody sends along. */
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(struct ucred))];
	} control;
	struct iovec part = {message->data, LINK_DATA_MAX};

	for (;;) {
		struct msghdr msg = {.msg_iov = &part,
		    .msg_iovlen = 1,
		    .msg_control = &control,
		    .msg_controllen = sizeof(control)};
		const struct ucred *sender;
		ssize_t got;

		got = recvmsg(fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return 0;
		sender = credentials(&msg);
		if (sender == NULL || sender->uid != getuid() ||
		    (msg.msg_flags & MSG_TRUNC) != 0 || got < MESSAGE_HEADER ||
		    message->data[0] != MESSAGE_VERSION ||
		    message->data[1] == 0)
			continue;
		message->sender = sender->pid;
		message->len = (uint32_t)got;
		return message->data[1];
	}
}

void
listen_tell_nested(const char *name)
{
	unsigned char header[MESSAGE_HEADER] = {
	    MESSAGE_VERSION, MESSAGE_NESTED};
	struct sockaddr_un address;
	socklen_t len = set_address(&address, name);
	pid_t pid = getpid();
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	memcpy(header + 4, &pid, sizeof(pid));
	sendto(fd, header, sizeof(header), MSG_DONTWAIT | MSG_NOSIGNAL,
	    (struct sockaddr *)&address, len);
	close(fd);
}
