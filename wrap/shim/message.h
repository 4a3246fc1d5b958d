/*
 * The bytes of a message from the shim: the one packet of a connection to the
 * abstract Unix socket (SOCK_SEQPACKET) that the environment names
 * (ITRACK_SOCKET, its name without the leading NUL). Shared by the shim, the
 * launcher and the worker; libc only. Behind the name's last dot stands how
 * many seccomp filters held the launcher (wrap/shim/filters.h).
 *
 *	offset 0   1 byte   MESSAGE_VERSION
 *	offset 1   1 byte   operation, one of enum message_op
 *	offset 2   6 bytes  zero
 *	offset 8   ...      absolute path, no NUL, at most PATH_MAX - 1 bytes;
 *	                    empty for HELLO, NESTED, SILENT
 *
 * The kernel's credentials of the connection say who has sent it.
 *
 * With the bytes come up to MESSAGE_FDS descriptors (SCM_RIGHTS), all O_PATH:
 * the directory that the file is in, and the file itself if it has its last
 * name and the descriptor can't be in the way of its removal. There may be
 * none.
 *
 * Each message has a connection of its own, because the kernel queues thousands
 * of connections but only ten datagrams. Messages are hints all the same: a
 * full queue loses them, and that must never lose a run beside one that was
 * heard of.
 */
#ifndef SHIM_MESSAGE_H
#define SHIM_MESSAGE_H

#include <limits.h>
#include <stdint.h>

#define MESSAGE_VERSION         1
#define MESSAGE_HEADER          8
#define MESSAGE_MAX             (MESSAGE_HEADER + PATH_MAX)
#define MESSAGE_FDS             2
#define MESSAGE_SOCKET_VARIABLE "ITRACK_SOCKET"

enum message_op {
	MESSAGE_HELLO = 1, /* the shim was loaded into a process */
	MESSAGE_OPEN,      /* a file of interest was opened for writing */
	MESSAGE_RENAME,    /* something was renamed to a name of interest */
	/* An itrack-wrap inside this one (the sender) has started and tracks
	 * what it wraps. No path. */
	MESSAGE_NESTED,
	/* The marker is about to be opened for writing. A process that is
	 * killed before the OPEN that follows may have left a run directory all
	 * the same. */
	MESSAGE_MARKING,
	/* The sender is about to be locked up by a seccomp filter, under which
	 * it will not speak. No path. */
	MESSAGE_SILENT,
	MESSAGE_LAST = MESSAGE_SILENT,
};

#endif
