/*
 * The shim's messages as the worker gets them: from the socket (CHANNEL_FD), by
 * a connection each, or, those that the launcher had read before, from the
 * link. Who has connected may be stopped before it speaks: such callers are
 * kept.
 *
 *	channel.heard = on_message; channel.data = worker;
 *	channel.command = pid;
 *	channel_init(&channel, loop, CHANNEL_FD, &err);
 *	channel_keep(&channel, CALLER_FD);	if the launcher had one
 *	...
 *	channel_release(&channel);
 *
 * The descriptor stays the caller's.
 */
#ifndef WRAP_WORKER_CHANNEL_H
#define WRAP_WORKER_CHANNEL_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/loop.h"
#include "wrap/shim/message.h"

/* How many callers are kept: more than there are programs that are stopped in
 * the same place. Beyond it the oldest is refused. */
#define CHANNEL_CALLERS_MAX 64
/* How many the kernel queues if it does not say so (net.core.somaxconn before
 * Linux 5.4). */
#define CHANNEL_QUEUE 128

struct message {
	pid_t sender; /* as the kernel says, not as the message does */
	enum message_op op;
	char path[PATH_MAX]; /* absolute; empty for HELLO, NESTED, SILENT */
	/* What came along, the channel's; 0: none. The directory that the file
	 * is in, and the file, a regular one: both may be without a name. */
	int dir_fd, file_fd;
};

/* Takes a packet apart. False if it is not one of ours: wrong version or
 * operation, a path that is missing, relative, too long or has a NUL in it. */
bool message_parse(struct message *message, pid_t sender,
    const unsigned char *data, size_t len);

struct channel {
	/* Called for each message of our processes (link/peer.h). */
	void (*heard)(struct channel *channel, const struct message *message);
	void *data; /* the user's own */
	pid_t command;
	/* What was not a message of theirs, for the log. */
	unsigned long refused;
	/* As many connections as the kernel queues were there without a break:
	 * the queue may have been full, and messages lost. */
	bool crowded;
	size_t queue, in_row;
	struct loop *loop;
	struct loop_io io;
	struct loop_timer again;
	TAILQ_HEAD(, caller) callers; /* oldest first */
	size_t caller_count;
};

/* Reads from `fd` in the loop from now on. */
int channel_init(
    struct channel *channel, struct loop *loop, int fd, struct err *err);
/* A zeroed channel may be released, too. */
void channel_release(struct channel *channel);

/* Takes a connection that was made before; the channel owns it from now on. */
void channel_keep(struct channel *channel, int fd);

/* Reads what is there now: at the end of the command, before the last scan. */
void channel_read(struct channel *channel);

#endif
