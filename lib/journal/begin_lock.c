#include "journal/begin_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <unistd.h>

#include "base/err.h"
#include "journal/state_dir.h"

#define LOCK_FILE "directories.lock"
/* The byte of those that are there: no directory has this number. */
#define ANNOUNCED (INT64_MAX - 2)
/* The kernel can't wait for a lock with a limit, so we ask again and again. */
#define LOOK_MS 5

static bool
has_no_place(int result)
{
	return result == -EROFS || result == -EACCES || result == -ENOSPC ||
	    result == -EDQUOT;
}

/* Has the file system no locks? Then journals can't be locked there either, and
 * are kept in memory. */
static bool
has_no_locks(int error)
{
	return error == ENOLCK || error == ENOSYS || error == EOPNOTSUPP ||
	    error == EINVAL;
}

/* Takes the descriptor over. */
static int
wait_for(int fd, int64_t inode, int wait_ms, struct err *err)
{
	struct flock byte = {.l_type = F_WRLCK,
	    .l_whence = SEEK_SET,
	    .l_start = inode & INT64_MAX,
	    .l_len = 1};
	int result = 0;

	/* A lock on the last possible byte would end beyond the file's end. */
	if (byte.l_start == INT64_MAX)
		byte.l_start--;
	while (result == 0 && fcntl(fd, F_OFD_SETLK, &byte) < 0) {
		if (has_no_locks(errno))
			result = BEGIN_LOCK_NONE;
		else if (errno != EAGAIN && errno != EACCES && errno != EINTR)
			result = err_errno(err, LOCK_FILE ": can't lock");
		else if (wait_ms <= 0)
			result = err_set(err, -EBUSY,
			    "another itrack has been looking at it for %d s",
			    BEGIN_LOCK_WAIT_MS / 1000);
		else
			poll(NULL, 0, LOOK_MS);
		wait_ms -= LOOK_MS;
	}
	if (result == 0)
		return fd;
	close(fd);
	return result;
}

int
begin_lock_take(
    const char *state_dir, int64_t inode, int wait_ms, struct err *err)
{
	struct err local = ERR_INIT;
	int fd;

	if (state_dir == NULL || state_make(state_dir, NULL) < 0)
		return BEGIN_LOCK_NONE;
	fd = state_open_beside(state_dir, LOCK_FILE, O_RDWR | O_CREAT, &local);
	if (fd >= 0)
		return wait_for(fd, inode, wait_ms, err);
	return has_no_place(fd) ? BEGIN_LOCK_NONE
				: err_set(err, fd, "%s", local.message);
}

void
begin_lock_give_back(int turn)
{
	if (turn >= 0 && turn != BEGIN_LOCK_NONE)
		close(turn);
}

/* The lock file, with a lock on that byte or a look at who has one. */
static int
announced(const char *state_dir, int command, struct flock *byte)
{
	int fd;

	byte->l_whence = SEEK_SET;
	byte->l_start = ANNOUNCED;
	byte->l_len = 1;
	/* Where there is no state directory yet, there is nothing to be twice. */
	if (state_dir == NULL)
		return -1;
	fd = state_open_beside(state_dir, LOCK_FILE, O_RDWR | O_CREAT, NULL);
	if (fd >= 0 && fcntl(fd, command, byte) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

int
begin_lock_announce(const char *state_dir)
{
	struct flock byte = {.l_type = F_RDLCK};

	return announced(state_dir, F_OFD_SETLK, &byte);
}

bool
begin_lock_is_announced(const char *state_dir)
{
	struct flock byte = {.l_type = F_WRLCK};
	int fd = announced(state_dir, F_OFD_GETLK, &byte);

	if (fd < 0)
		return false;
	close(fd);
	return byte.l_type != F_UNLCK;
}
