/*
 * The descriptors that go along with a message (SCM_RIGHTS), so that the
 * receiver has the very directory and file, whatever becomes of their names and
 * in whichever mount namespace these are. They are O_PATH descriptors, which
 * open nothing and read nothing.
 *
 *	struct along along;
 *	along_open(&along, op, dir, path);
 *	... along.fds, along.count ...
 *	along_close(&along);
 */
#ifndef SHIM_ALONG_H
#define SHIM_ALONG_H

#include "wrap/shim/message.h"

struct along {
	int fds[MESSAGE_FDS];
	int count;
};

void along_open(
    struct along *along, enum message_op op, int dir, const char *path);
void along_close(const struct along *along);

#endif
