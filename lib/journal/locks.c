/* The locks of a journal: its writer's and its follower's, and how young it must be to
 * be left to the process that made it. */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "journal/private.h"
#include "journal/state_dir.h"

int
journal_lock(const struct journal *j, int fd, struct err *err)
{
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno == EWOULDBLOCK)
		return err_set(
		    err, -EBUSY, "%s: its itrack is still at work", j->attempt);
	return err_errno(err, "%s: can't lock", j->attempt);
}

bool
journal_is_young(const struct stat *st)
{
	return clock_wall_us() / 1000000 - st->st_mtime <= JOURNAL_NEWBORN_S;
}

/* May its maker have opened it and be about to lock it? */
static bool
is_newborn(const struct journal *j)
{
	struct stat st;

	return fstat(j->fd, &st) == 0 && st.st_size == 0 &&
	    journal_is_young(&st);
}

/* We must not come between the maker's opening of the file and its lock; it writes
 * only under the lock. */
int
journal_lock_of_another(const struct journal *j, struct err *err)
{
	if (is_newborn(j))
		return err_set(
		    err, -EBUSY, "%s: its itrack begins just now", j->attempt);
	return journal_lock(j, j->fd, err);
}

int
journal_open_follower_lock(const struct journal *j, int flags, struct err *err)
{
	int fd = state_open_file(j->dir_fd, FOLLOWER_LOCK, flags | O_RDWR, err);

	if (fd < 0)
		err_prefix(err, "%s", j->path);
	return fd;
}

int
journal_lock_follower(struct journal *j, int flags, struct err *err)
{
	struct err local = ERR_INIT;
	int fd = journal_open_follower_lock(j, flags, &local);

	if (fd == -ENOENT && flags == 0)
		return 0;
	if (fd < 0)
		return err_set(err, fd, "%s", local.message);
	j->lock_fd = fd;
	return journal_lock(j, fd, err);
}
