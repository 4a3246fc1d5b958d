#include "wrap/shim/along.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

/* <linux/magic.h> lacks these. */
#define ZFS_MAGIC      0x2fc12fc1
#define BCACHEFS_MAGIC 0xca451a4e

#define DIRECTORY_FLAGS (O_PATH | O_DIRECTORY | O_CLOEXEC)
/* A path is taken in pieces: each has a name, a slash and a NUL. */
#define PIECE_SIZE 258

static int
open_at(int dir, const char *path, int flags)
{
	return (int)syscall(SYS_openat, dir, path, flags, 0);
}

/* Opens the directory of the path's file, whose name begins at `end`. The path
 * is the program's and can't be cut off there, so it is walked in pieces that
 * end at a slash. */
static __attribute__((noinline)) int
open_directory(int dir, const char *path, const char *end)
{
	char piece[PIECE_SIZE];
	int fd = -1;

	if (path == end)
		return open_at(dir, ".", DIRECTORY_FLAGS);
	/* The piece has its slash, because the root is nothing else. */
	while (path < end) {
		size_t len = (size_t)(end - path);
		int next;

		if (len >= PIECE_SIZE) {
			const char *slash = memrchr(path, '/', PIECE_SIZE - 1);

			/* No name is longer: the kernel refuses the empty
			 * piece. */
			len = slash != NULL ? (size_t)(slash + 1 - path) : 0;
		}
		memcpy(piece, path, len);
		piece[len] = '\0';
		next = open_at(fd >= 0 ? fd : dir, piece, DIRECTORY_FLAGS);
		if (fd >= 0)
			syscall(SYS_close, fd);
		if (next < 0)
			return -1;
		fd = next;
		path += len;
		/* A piece that began with another slash of a row would begin
		 * at the root. */
		while (path < end && *path == '/')
			path++;
	}
	return fd;
}

/* On other file systems a removed file that somebody holds stays in its
 * directory under another name, and the program could not remove that
 * directory. */
static __attribute__((noinline)) bool
may_be_held(int fd)
{
	struct statfs st;

	if (syscall(SYS_fstatfs, fd, &st) < 0)
		return false;
	switch ((unsigned long)st.f_type) {
	case EXT4_SUPER_MAGIC:
	case XFS_SUPER_MAGIC:
	case BTRFS_SUPER_MAGIC:
	case TMPFS_MAGIC:
	case RAMFS_MAGIC:
	case OVERLAYFS_SUPER_MAGIC:
	case F2FS_SUPER_MAGIC:
	case ZFS_MAGIC:
	case BCACHEFS_MAGIC:
		return true;
	default:
		return false;
	}
}

/* Does the file keep this name? Temporary files don't; the marker is not sent
 * either. */
static bool
lasts(enum message_op op, const char *name)
{
	return op != MESSAGE_MARKING && name[0] != '.';
}

void
along_open(struct along *along, enum message_op op, int dir, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;
	int fd = open_directory(dir, path, name);

	along->count = 0;
	if (fd < 0)
		return;
	along->fds[along->count++] = fd;
	if (!lasts(op, name) || !may_be_held(fd))
		return;
	fd = open_at(fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0)
		along->fds[along->count++] = fd;
}

void
along_close(const struct along *along)
{
	for (int i = 0; i < along->count; i++)
		syscall(SYS_close, along->fds[i]);
}
