#include "wrap/worker/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "wrap/link/link.h"
#include "wrap/link/peer.h"

/* How long we wait for descriptors to be free again. */
#define CHANNEL_AGAIN_MS 100

/* A process that has connected and not spoken yet. */
struct caller {
	struct loop_io io;
	pid_t sender;
	TAILQ_ENTRY(caller) link;
};

static void on_ready(struct loop_io *io, uint32_t events);

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
	message->dir_fd = message->file_fd = 0;
	message->op = (enum message_op)data[1];
	data += MESSAGE_HEADER;
	path_len = len - MESSAGE_HEADER;
	if (message->op == MESSAGE_HELLO || message->op == MESSAGE_NESTED ||
	    message->op == MESSAGE_SILENT) {
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

/* Any process of this user can send any descriptor along, so we look at its
 * type. */
static int
checked(int fd, mode_t type)
{
	struct stat st;

	return fd > 0 && fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == type
	    ? fd
	    : 0;
}

static void
take(struct channel *channel, pid_t sender, const unsigned char *data,
    ssize_t got, const struct peer_along *along)
{
	struct message message;

	if (got >= 0 && got <= MESSAGE_MAX &&
	    message_parse(&message, sender, data, (size_t)got)) {
		message.dir_fd = checked(along->fds[0], S_IFDIR);
		message.file_fd = checked(along->fds[1], S_IFREG);
		channel->heard(channel, &message);
	} else {
		channel->refused++;
	}
	for (int i = 0; i < MESSAGE_FDS; i++)
		if (along->fds[i] > 0)
			close(along->fds[i]);
}

/* Called before the message is taken, because the descriptor's number may be
 * somebody else's afterwards. */
static void
drop(struct channel *channel, struct caller *caller)
{
	loop_remove(channel->loop, &caller->io);
	close(caller->io.fd);
	TAILQ_REMOVE(&channel->callers, caller, link);
	channel->caller_count--;
	free(caller);
}

/* Hears the callers that have spoken by now, in the order of their
 * connections. */
static void
hear_callers(struct channel *channel)
{
	unsigned char data[MESSAGE_MAX];
	struct caller *caller, *next;

	for (caller = TAILQ_FIRST(&channel->callers); caller != NULL;
	     caller = next) {
		struct peer_along along;
		ssize_t got =
		    peer_receive(caller->io.fd, data, sizeof data, &along);
		pid_t sender = caller->sender;

		next = TAILQ_NEXT(caller, link);
		if (got == -EAGAIN)
			continue;
		drop(channel, caller);
		take(channel, sender, data, got, &along);
	}
}

static void
keep(struct channel *channel, int fd, pid_t sender)
{
	struct caller *caller = xcalloc(1, sizeof *caller);

	caller->sender = sender;
	caller->io.fd = fd;
	caller->io.ready = on_ready;
	caller->io.data = channel;
	TAILQ_INSERT_TAIL(&channel->callers, caller, link);
	channel->caller_count++;
	if (loop_add(channel->loop, &caller->io, EPOLLIN) < 0) {
		channel->refused++;
		drop(channel, caller);
	} else if (channel->caller_count > CHANNEL_CALLERS_MAX) {
		channel->refused++;
		drop(channel, TAILQ_FIRST(&channel->callers));
	}
}

static void
hear_new(struct channel *channel, int fd, pid_t sender)
{
	unsigned char data[MESSAGE_MAX];
	struct peer_along along;
	ssize_t got = peer_receive(fd, data, sizeof data, &along);

	if (got == -EAGAIN) {
		keep(channel, fd, sender);
		return;
	}
	close(fd);
	take(channel, sender, data, got, &along);
}

static void
on_again(struct loop_timer *timer)
{
	struct channel *channel = timer->data;

	loop_add(channel->loop, &channel->io, EPOLLIN);
}

/* Called when no descriptor is left for a connection. It waits, and must not
 * wake the loop all the time; at the end of the command it is as good as
 * lost. */
static void
rest(struct channel *channel)
{
	channel->crowded = true;
	loop_remove(channel->loop, &channel->io);
	loop_timer_set(channel->loop, &channel->again, CHANNEL_AGAIN_MS);
}

/* Takes one connection. Returns false if none is there. */
static bool
read_one(struct channel *channel)
{
	pid_t sender;
	int fd,
	    result =
		peer_accept(channel->io.fd, channel->command, &fd, &sender);

	/* When a process connects again, what it said before is there
	 * already. */
	hear_callers(channel);
	if (result < 0) {
		channel->in_row = 0;
		if (result != -EAGAIN)
			rest(channel);
		return false;
	}
	if (++channel->in_row >= channel->queue)
		channel->crowded = true;
	if (result == 0)
		channel->refused++;
	else
		hear_new(channel, fd, sender);
	return true;
}

void
channel_read(struct channel *channel)
{
	for (size_t i = 0; i <= channel->queue && read_one(channel); i++)
		;
}

/* Senders may fill the queue as fast as we read, so one turn takes no more than
 * this. */
static void
on_ready(struct loop_io *io, uint32_t events)
{
	/* The loop's descriptor may be gone afterwards. */
	struct channel *channel = io->data;

	(void)events;
	for (int i = 0; i < 64 && read_one(channel); i++)
		;
}

/* Returns how many connections the kernel lets wait. */
static size_t
queue_length(void)
{
	int fd = open("/proc/sys/net/core/somaxconn", O_RDONLY | O_CLOEXEC);
	char text[24] = "";
	long long number;

	if (fd < 0)
		return CHANNEL_QUEUE;
	if (read(fd, text, sizeof text - 1) < 0)
		text[0] = '\0';
	close(fd);
	text[strcspn(text, "\n")] = '\0';
	number = strtonum(text, 1, INT_MAX, NULL);
	if (number == 0)
		return CHANNEL_QUEUE;
	return number < CHANNEL_BACKLOG ? (size_t)number : CHANNEL_BACKLOG;
}

int
channel_init(
    struct channel *channel, struct loop *loop, int fd, struct err *err)
{
	int code;

	channel->loop = loop;
	channel->refused = 0;
	channel->crowded = false;
	channel->queue = queue_length();
	channel->in_row = 0;
	TAILQ_INIT(&channel->callers);
	channel->caller_count = 0;
	channel->again = (struct loop_timer){.fire = on_again, .data = channel};
	channel->io =
	    (struct loop_io){.fd = fd, .ready = on_ready, .data = channel};
	code = loop_add(loop, &channel->io, EPOLLIN);
	if (code < 0)
		return err_set(
		    err, code, "the shim's socket: %s", strerror(-code));
	return 0;
}

void
channel_keep(struct channel *channel, int fd)
{
	pid_t sender = peer_of_ours(fd, channel->command);

	if (sender > 0) {
		hear_new(channel, fd, sender);
		return;
	}
	channel->refused++;
	close(fd);
}

void
channel_release(struct channel *channel)
{
	if (channel->loop == NULL)
		return;
	while (!TAILQ_EMPTY(&channel->callers))
		drop(channel, TAILQ_FIRST(&channel->callers));
	loop_timer_cancel(channel->loop, &channel->again);
	if (channel->io.added)
		loop_remove(channel->loop, &channel->io);
}
