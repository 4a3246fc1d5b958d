/*
 * The socket that the shim's messages come to, as long as the launcher itself
 * reads it: an abstract Unix datagram socket with a random name, so that what
 * an older command left running can't speak to a newer one.
 */
#ifndef LAUNCH_LISTEN_H
#define LAUNCH_LISTEN_H

#include "wrap/launch/link.h"

/* "itrack-", 16 hex digits, NUL */
#define LISTEN_NAME_SIZE 24

/* Makes the socket, close-on-exec. Fills the name (without the leading NUL).
 * Returns the descriptor, above 2, or a negative errno. */
int listen_open(char name[LISTEN_NAME_SIZE]);

/* One message of this user, of this version; others are skipped. Returns its
 * operation (enum message_op), or 0: nothing there. Never blocks. */
int listen_take(int fd, struct link_message *message);

/* Tells the itrack-wrap around this one, whose socket is `name`, that this one
 * does the tracking. */
void listen_tell_nested(const char *name);

#endif
