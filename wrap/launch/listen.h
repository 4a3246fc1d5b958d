/*
 * The socket that receives the shim's messages, as long as the launcher itself
 * reads it: an abstract Unix socket with a random name, so that processes left
 * by an older command can't speak to a newer launcher.
 *
 * Each message has a connection of its own. A process that has connected may be
 * stopped before it speaks: the launcher keeps that caller and accepts no later
 * one, so that messages stay in order.
 */
#ifndef LAUNCH_LISTEN_H
#define LAUNCH_LISTEN_H

#include "wrap/link/link.h"

/* "itrack-", 16 hex digits, a dot, the digits of an int, NUL */
#define LISTEN_NAME_SIZE 36

/* Makes the socket, close-on-exec. Fills the name (without the leading NUL).
 * Returns the descriptor, above 2, or a negative errno. */
int listen_open(char name[LISTEN_NAME_SIZE]);

struct listen_caller {
	int fd; /* -1: nobody */
	pid_t pid;
};

/* Takes one connection. Returns the operation (enum message_op) of its message;
 * 0 if it is one of somebody else (link/peer.h) or no message of this version;
 * or a negative errno: -EAGAIN if nobody is there or the caller has not spoken
 * yet, any other if no connection can be taken. Never blocks. A message that
 * names a file is for the worker: we look at it and leave it with its caller,
 * because of the descriptors that come along. */
int listen_take(int fd, pid_t command, struct listen_caller *caller,
    struct link_message *message);
void listen_hang_up(struct listen_caller *caller);

/* Tells the itrack-wrap around this one, whose socket is `name`, that this one
 * does the tracking. */
void listen_tell_nested(const char *name);

#endif
