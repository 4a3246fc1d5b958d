#include "wrap/channel.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

bool
message_parse(struct message *message, pid_t sender, const unsigned char *data,
    size_t len)
{
	size_t path_len;

	if (len < MESSAGE_HEADER || data[0] != MESSAGE_VERSION)
		return false;
	if (data[1] < MESSAGE_HELLO || data[1] > MESSAGE_LAST)
		return false;
	message->sender = sender;
	message->op = (enum message_op)data[1];
	data += MESSAGE_HEADER;
	path_len = len - MESSAGE_HEADER;
	if (message->op == MESSAGE_HELLO || message->op == MESSAGE_NESTED) {
		message->path[0] = '\0';
		return path_len == 0;
	}
	if (path_len == 0 || path_len >= PATH_MAX || data[0] != '/' ||
	    memchr(data, '\0', path_len) != NULL)
		return false;
	memcpy(message->path, data, path_len);
	message->path[path_len] = '\0';
	return true;
}

/* The sender, if it is of this user; else 0. */
static pid_t
trusted_sender(struct msghdr *msg)
{
	struct cmsghdr *c;
	struct ucred sender;

	for (c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET ||
		    c->cmsg_type != SCM_CREDENTIALS)
			continue;
		memcpy(&sender, CMSG_DATA(c), sizeof(sender));
		return sender.uid == getuid() ? sender.pid : 0;
	}
	return 0;
}

/* One datagram. Returns 1: heard or refused; 0: nothing there. */
static int
read_one(struct channel *channel)
{
	/* Room for the credentials only: descriptors that somebody sends along
	 * are dropped by the kernel. */
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(struct ucred))];
	} control;
	unsigned char data[MESSAGE_MAX];
	struct iovec part = {data, sizeof(data)};
	struct msghdr msg = {.msg_iov = &part,
	    .msg_iovlen = 1,
	    .msg_control = &control,
	    .msg_controllen = sizeof(control)};
	struct message message;
	pid_t sender;
	ssize_t got;

	do
		got = recvmsg(
		    channel->io.fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return 0;
	sender = trusted_sender(&msg);
	if (sender > 0 && (msg.msg_flags & MSG_TRUNC) == 0 &&
	    message_parse(&message, sender, data, (size_t)got))
		channel->heard(channel, &message);
	else
		channel->refused++;
	return 1;
}

void
channel_read(struct channel *channel)
{
	/* The queue is short, but senders may fill it as fast as we read: no
	 * more than this in one turn. */
	for (int i = 0; i < 64; i++) {
		if (read_one(channel) == 0)
			return;
		if (i + 1 >= CHANNEL_QUEUE)
			channel->crowded = true;
	}
}

static void
on_ready(struct loop_io *io, uint32_t events)
{
	(void)events;
	channel_read(io->data);
}

int
channel_init(
    struct channel *channel, struct loop *loop, int fd, struct err *err)
{
	int code;

	channel->loop = loop;
	channel->refused = 0;
	channel->crowded = false;
	memset(&channel->io, 0, sizeof(channel->io));
	channel->io.fd = fd;
	channel->io.ready = on_ready;
	channel->io.data = channel;
	code = loop_add(loop, &channel->io, EPOLLIN);
	if (code < 0)
		return err_set(
		    err, code, "the shim's socket: %s", strerror(-code));
	return 0;
}

void
channel_release(struct channel *channel)
{
	if (channel->io.added)
		loop_remove(channel->loop, &channel->io);
}
