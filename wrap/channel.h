/*
 * The shim's messages as the worker gets them: from the datagram socket
 * (CHANNEL_FD) or, those that the launcher had read before, from the link.
 *
 *	channel.heard = on_message; channel.data = worker;
 *	channel_init(&channel, loop, CHANNEL_FD, &err);
 *	...
 *	channel_release(&channel);
 *
 * The descriptor stays the caller's.
 */
#ifndef WRAP_CHANNEL_H
#define WRAP_CHANNEL_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/loop.h"
#include "wrap/shim/message.h"

/* What the kernel queues at least (net.unix.max_dgram_qlen). */
#define CHANNEL_QUEUE 10

struct message {
	pid_t sender; /* as the kernel says, not as the message does */
	enum message_op op;
	char path[PATH_MAX]; /* absolute; empty for HELLO and NESTED */
};

/* Takes a datagram apart. False if it is not one of ours: wrong version or
 * operation, a path that is missing, relative, too long or has a NUL in it. */
bool message_parse(struct message *message, pid_t sender,
    const unsigned char *data, size_t len);

struct channel {
	/* Called for each message of this user. */
	void (*heard)(struct channel *channel, const struct message *message);
	void *data; /* the user's own */
	/* What was not a message of this user, for the log. */
	unsigned long refused;
	/* The queue may have been full: messages may have been lost. */
	bool crowded;
	struct loop *loop;
	struct loop_io io;
};

/* Reads from `fd` in the loop from now on. */
int channel_init(
    struct channel *channel, struct loop *loop, int fd, struct err *err);
void channel_release(struct channel *channel);

/* Reads what is there now: at the end of the command, before the last scan. */
void channel_read(struct channel *channel);

#endif
