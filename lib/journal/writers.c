/* A journal that several processes write, and others follow, one after
 * the other: who waits for whom, and how long. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "journal/journal.h"
#include "journal/private.h"

/* The kernel can't wait for a lock with a limit, so we ask again and again. */
#define LOOK_MS 10

static int
wait_lock(const struct journal *j, int fd, int wait_ms, struct err *err)
{
	int result = file_lock(fd, wait_ms);

	if (result == -EBUSY)
		return err_set(err, -EBUSY,
		    "%s: another process is at work with it", j->attempt);
	errno = -result;
	return result < 0 ? err_errno(err, "%s: can't lock", j->attempt) : 0;
}

/* Reads all entries. *whole gets the place behind the last one, where a torn
 * line may begin. */
static int
read_all(const struct journal *j, int64_t *whole, int64_t *last_step,
    struct err *err)
{
	struct journal_reader r;
	struct entry e;
	bool ended = false;
	int result;

	*last_step = -1;
	journal_reader_init(&r, j);
	while ((result = journal_read(&r, &e, err)) > 0) {
		if (e.kind == ENTRY_METRICS)
			*last_step = e.metrics.step;
		ended = ended || e.kind == ENTRY_END;
		entry_release(&e);
	}
	*whole = r.offset;
	journal_reader_release(&r);
	if (result == 0 && ended)
		return err_set(
		    err, -EALREADY, "%s: its run has ended", j->attempt);
	return result;
}

/* The torn end is cut off while no follower reads it. */
static int
cut(struct journal *j, int wait_ms, struct err *err)
{
	int fd = journal_open_follower_lock(j, O_CREAT, err), result;

	if (fd < 0)
		return fd;
	result = wait_lock(j, fd, wait_ms, err);
	if (result == 0)
		result = journal_cut_tail(j, err);
	close(fd);
	return result;
}

int
journal_continue(const char *state_dir, const char *attempt, int wait_ms,
    struct journal **journal, int64_t *last_step, struct err *err)
{
	struct journal *j = journal_alloc(attempt);
	int result = journal_open_files(j, state_dir, 0, err);
	int64_t whole = 0;

	if (result == 0)
		result = wait_lock(j, j->fd, wait_ms, err);
	if (result == 0)
		result = journal_check_there(j, err);
	if (result == 0) {
		journal_refresh(j);
		result = read_all(j, &whole, last_step, err);
	}
	if (result == 0 && whole < j->size)
		result = cut(j, wait_ms, err);
	if (result < 0) {
		journal_close(j);
		return result;
	}
	*journal = j;
	return 0;
}

/* Only one process waits for follower.lock itself: it holds a lock of another
 * kind on the same file, for which the others wait. */
static int
wait_place(
    const struct journal *j, int fd, bool skip, int *wait_ms, struct err *err)
{
	struct flock place = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	while (fcntl(fd, F_OFD_SETLK, &place) < 0) {
		if (errno != EAGAIN && errno != EACCES && errno != EINTR)
			return err_errno(err, "%s: can't lock", j->attempt);
		if (skip)
			return err_set(
			    err, -EALREADY, "%s: one waits", j->attempt);
		if (*wait_ms <= 0)
			return err_set(err, -EBUSY,
			    "%s: its itrack is still at work", j->attempt);
		poll(NULL, 0, LOOK_MS);
		*wait_ms -= LOOK_MS;
	}
	return 0;
}

int
journal_follow_in_turn(const char *state_dir, const char *attempt, bool skip,
    int wait_ms, struct journal **journal, struct err *err)
{
	struct flock place = {.l_type = F_UNLCK, .l_whence = SEEK_SET};
	struct journal *j = journal_alloc(attempt);
	int result = journal_open_files(j, state_dir, 0, err);

	if (result == 0) {
		j->lock_fd = journal_open_follower_lock(j, O_CREAT, err);
		result = j->lock_fd < 0 ? j->lock_fd : 0;
	}
	if (result == 0)
		result = wait_place(j, j->lock_fd, skip, &wait_ms, err);
	if (result == 0)
		result = wait_lock(j, j->lock_fd, wait_ms, err);
	if (result == 0)
		result = journal_check_there(j, err);
	if (result < 0) {
		journal_close(j);
		return result;
	}
	fcntl(j->lock_fd, F_OFD_SETLK, &place);
	journal_refresh(j);
	*journal = j;
	return 0;
}
