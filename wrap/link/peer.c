#include "wrap/link/peer.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "wrap/link/procstat.h"

int
peer_accept(int listener, pid_t command, int *fd, pid_t *pid)
{
	do
		*fd =
		    accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	while (*fd < 0 && errno == EINTR);
	if (*fd < 0)
		return -errno;
	*pid = peer_of_ours(*fd, command);
	if (*pid > 0)
		return 1;
	close(*fd);
	*fd = -1;
	return 0;
}

/* We ask the kernel, because fakeroot has another answer to getuid(). */
pid_t
peer_of_ours(int fd, pid_t command)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return 0;
	if (peer.uid == (uid_t)syscall(SYS_getuid))
		return peer.pid;
	if (syscall(SYS_geteuid) != 0 || command <= 0 || peer.pid <= 0)
		return 0;
	return peer.pid == command || procstat_is_below(peer.pid, command)
	    ? peer.pid
	    : 0;
}

ssize_t
peer_peek(int fd, void *data, size_t size)
{
	ssize_t got;

	do
		got = recv(fd, data, size, MSG_DONTWAIT | MSG_TRUNC | MSG_PEEK);
	while (got < 0 && errno == EINTR);
	return got < 0 ? -errno : got;
}

/* The kernel drops what there is no room for. */
static void
take_along(struct msghdr *msg, struct peer_along *along)
{
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
			memcpy(along->fds, CMSG_DATA(c),
			    c->cmsg_len - CMSG_LEN(0));
}

ssize_t
peer_receive(int fd, void *data, size_t size, struct peer_along *along)
{
	union {
		char bytes[CMSG_SPACE(sizeof along->fds)];
		struct cmsghdr header;
	} control;
	struct iovec part = {data, size};
	struct msghdr msg = {.msg_iov = &part,
	    .msg_iovlen = 1,
	    .msg_control = &control,
	    .msg_controllen = sizeof control};
	ssize_t got;

	*along = (struct peer_along){0};
	do
		got = recvmsg(
		    fd, &msg, MSG_DONTWAIT | MSG_TRUNC | MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	take_along(&msg, along);
	return got;
}
