/*
 * Who speaks on a connection of the shim's socket, and what is said: for the
 * launcher, and for the worker that takes the socket over.
 */
#ifndef LAUNCH_PEER_H
#define LAUNCH_PEER_H

#include <stddef.h>
#include <sys/types.h>

#include "wrap/shim/message.h"

/* Takes one connection from the queue, so that the caller can count how many it
 * takes before it turns to something else: others may make them without end.
 * 1: `*fd` is a connection of the process `*pid`, which is one of ours. 0: it
 * was one of somebody else (or who it is can't be told) and is closed unread.
 * Negative errno: none was taken, -EAGAIN because none is there. Never blocks.
 */
int peer_accept(int listener, pid_t command, int *fd, pid_t *pid);

/* The process that connected, if it is one of this user, or, where we are root,
 * the command or a process below it: root's commands become other users (su,
 * setpriv, gosu). 0: somebody else's, or it can't be told. */
pid_t peer_of_ours(int fd, pid_t command);

/* The descriptors that came along; 0: none. They are the caller's. */
struct peer_along {
	int fds[MESSAGE_FDS];
};

/* The next message, with what came along. Returns its length, more than `size`
 * if it was cut, or a negative errno (-EAGAIN: nothing was said yet). Never
 * blocks. */
ssize_t peer_receive(int fd, void *data, size_t size, struct peer_along *along);
/* The same, but it stays there to be received. */
ssize_t peer_peek(int fd, void *data, size_t size);

#endif
