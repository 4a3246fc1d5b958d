/* Opens journals: makes one, takes one over or follows one, each under the locks that
 * keep others away. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "journal/private.h"
#include "journal/state_dir.h"

/* Opens (and makes) the attempt's directory and file. */
int
journal_open_files(
    struct journal *j, const char *state_dir, int flags, struct err *err)
{
	j->path = xasprintf("%s/runs/%s", state_dir, j->attempt);
	j->dir_fd =
	    state_open_attempt(state_dir, j->attempt, flags & O_CREAT, err);
	if (j->dir_fd < 0)
		return j->dir_fd;
	j->fd = state_open_file(
	    j->dir_fd, JOURNAL_FILE, flags | O_RDWR | O_APPEND, err);
	if (j->fd < 0) {
		err_prefix(err, "%s", j->path);
		return j->fd;
	}
	return 0;
}

/* The owner may have delivered and removed the journal after we opened it and
 * before we locked it. Without its cursors it would be delivered once more. */
int
journal_check_there(const struct journal *j, struct err *err)
{
	struct stat st;

	if (fstat(j->fd, &st) < 0)
		return err_errno(err, "%s", j->path);
	if (st.st_nlink == 0)
		return err_set(err, -ENOENT, "%s: delivered just now", j->path);
	return 0;
}

struct journal *
journal_create(const char *state_dir, const char *attempt, struct err *why)
{
	struct journal *j = journal_alloc(attempt);
	int result;

	if (state_dir == NULL)
		result = err_set(why, -ENOENT,
		    "neither XDG_STATE_HOME nor HOME names a directory");
	else
		result =
		    journal_open_files(j, state_dir, O_CREAT | O_EXCL, why);
	if (result == 0)
		result = journal_lock(j, j->fd, why);
	if (result == 0)
		result = journal_check_there(j, why);
	if (result == 0)
		return j;
	if (j->fd >= 0)
		close(j->fd);
	if (j->dir_fd >= 0)
		close(j->dir_fd);
	j->dir_fd = -1;
	journal_use_memory(j);
	return j;
}

/* Where the first zero is, or the end. No entry has one: a loss of power leaves
 * zeros in the place of what was not synced, also before what is there. */
static int
find_zeros(const struct journal *j, off_t *at, struct err *err)
{
	char chunk[64 * 1024];
	const char *zero = NULL;
	ssize_t n;

	for (*at = 0; zero == NULL; *at += zero != NULL ? zero - chunk : n) {
		n = pread(j->fd, chunk, sizeof chunk, *at);
		if (n < 0)
			return err_errno(err, "%s", j->path);
		if (n == 0)
			break;
		zero = memchr(chunk, '\0', (size_t)n);
	}
	return 0;
}

int
journal_find_end(const struct journal *j, off_t *at, struct err *err)
{
	int result = find_zeros(j, at, err);

	return result < 0 ? result
			  : file_last_line_end(j->fd, j->path, at, err);
}

int
journal_cut_tail(struct journal *j, struct err *err)
{
	off_t end = lseek(j->fd, 0, SEEK_END), at;
	int result = journal_find_end(j, &at, err);

	if (result < 0)
		return result;
	if (at < end && ftruncate(j->fd, at) < 0)
		return err_errno(err, "%s", j->path);
	j->size = at;
	return 0;
}

int
journal_adopt(const char *state_dir, const char *attempt,
    struct journal **journal, struct err *err)
{
	struct journal *j = journal_alloc(attempt);
	int result = journal_open_files(j, state_dir, 0, err);

	if (result == 0)
		result = journal_lock_of_another(j, err);
	if (result == 0)
		result = journal_check_there(j, err);
	if (result == 0)
		result = journal_lock_follower(j, 0, err);
	if (result == 0)
		result = journal_cut_tail(j, err);
	if (result < 0) {
		journal_close(j);
		return result;
	}
	/* Who had it before may have been killed before a sync. */
	j->unsynced = true;
	*journal = j;
	return 0;
}

int
journal_follow(const char *state_dir, const char *attempt,
    struct journal **journal, struct err *err)
{
	struct journal *j = journal_alloc(attempt);
	int result = journal_open_files(j, state_dir, 0, err);

	if (result == 0)
		result = journal_lock_follower(j, O_CREAT, err);
	if (result < 0) {
		journal_close(j);
		return result;
	}
	journal_refresh(j);
	*journal = j;
	return 0;
}
