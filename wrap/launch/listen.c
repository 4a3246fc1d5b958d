#include "wrap/launch/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "wrap/launch/descriptors.h"
#include "wrap/link/peer.h"
#include "wrap/shim/filters.h"
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

static bool
random_number(uint64_t *number)
{
	ssize_t n;
	int fd;

	do
		n = getrandom(number, sizeof(*number), GRND_NONBLOCK);
	while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EPERM || errno == ENOSYS)) {
		fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
		n = read(fd, number, sizeof(*number));
		close(fd);
	}
	return n == sizeof(*number);
}

int
listen_open(char name[LISTEN_NAME_SIZE])
{
	int filters = filters_at_start();
	struct sockaddr_un address;
	uint64_t number;
	socklen_t len;
	int fd, code;

	if (!random_number(&number))
		return -EAGAIN;
	snprintf(name, LISTEN_NAME_SIZE, "itrack-%016llx.%u",
	    (unsigned long long)number, filters > 0 ? (unsigned)filters : 0);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0)
		fd = descriptors_above(fd);
	if (fd < 0)
		return -errno;
	len = set_address(&address, name);
	if (bind(fd, (struct sockaddr *)&address, len) < 0 ||
	    listen(fd, CHANNEL_BACKLOG) < 0) {
		code = -errno;
		close(fd);
		return code;
	}
	return fd;
}

/* Returns the operation, 0 if it is no message, or a negative errno (-EAGAIN:
 * the process has not spoken yet). */
static int
hear(const struct listen_caller *caller, struct link_message *message)
{
	ssize_t got = peer_peek(caller->fd, message->data, LINK_DATA_MAX);

	if (got < 0)
		return (int)got;
	if (got < MESSAGE_HEADER || got > LINK_DATA_MAX ||
	    message->data[0] != MESSAGE_VERSION)
		return 0;
	message->sender = caller->pid;
	message->len = (uint32_t)got;
	return message->data[1];
}

/* Does the message name a file, or is it one that only a newer shim sends? */
static bool
is_for_worker(int op)
{
	return op > 0 && op != MESSAGE_HELLO && op != MESSAGE_NESTED &&
	    op != MESSAGE_SILENT;
}

int
listen_take(int fd, pid_t command, struct listen_caller *caller,
    struct link_message *message)
{
	int result = 1;

	if (caller->fd < 0)
		result = peer_accept(fd, command, &caller->fd, &caller->pid);
	if (result <= 0)
		return result;
	result = hear(caller, message);
	if (result != -EAGAIN && !is_for_worker(result))
		listen_hang_up(caller);
	return result > 0 || result == -EAGAIN ? result : 0;
}

void
listen_hang_up(struct listen_caller *caller)
{
	if (caller->fd >= 0)
		close(caller->fd);
	caller->fd = -1;
}

void
listen_tell_nested(const char *name)
{
	unsigned char header[MESSAGE_HEADER] = {
	    MESSAGE_VERSION, MESSAGE_NESTED};
	struct sockaddr_un address;
	socklen_t len = set_address(&address, name);
	int fd =
	    socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return;
	if (connect(fd, (struct sockaddr *)&address, len) == 0)
		send(fd, header, sizeof(header), MSG_DONTWAIT | MSG_NOSIGNAL);
	close(fd);
}
