#include "wrap/link/peer.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

int
peer_accept(int listener, int *fd, pid_t *pid)
{
	do
		*fd =
		    accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	while (*fd < 0 && errno == EINTR);
	if (*fd < 0)
		return -errno;
	*pid = peer_of_this_user(*fd);
	if (*pid > 0)
		return 1;
	close(*fd);
	*fd = -1;
	return 0;
}

pid_t
peer_of_this_user(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0 ||
	    peer.uid != getuid())
		return 0;
	return peer.pid;
}

ssize_t
peer_receive(int fd, unsigned char *data, size_t size)
{
	ssize_t got;

	/* Without room for them, descriptors that somebody sends along are
	 * dropped by the kernel. */
	do
		got = recv(fd, data, size, MSG_DONTWAIT | MSG_TRUNC);
	while (got < 0 && errno == EINTR);
	return got < 0 ? -errno : got;
}
