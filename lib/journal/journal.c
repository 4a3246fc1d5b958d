#include "journal/journal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/durable.h"
#include "base/file.h"
#include "base/random.h"
#include "base/tempfile.h"
#include "journal/private.h"
#include "journal/state_dir.h"

/* The random part of an attempt's name, with its NUL. */
#define ATTEMPT_RANDOM_SIZE 13

void
journal_new_attempt(char attempt[ATTEMPT_SIZE], int64_t wall_us)
{
	char time[CLOCK_COMPACT_SIZE], random[ATTEMPT_RANDOM_SIZE];

	clock_compact(time, wall_us);
	random_name(random, sizeof random);
	snprintf(attempt, ATTEMPT_SIZE, "%s-%s", time, random);
}

struct journal *
journal_alloc(const char *attempt)
{
	struct journal *j = xcalloc(1, sizeof *j);

	j->fd = j->dir_fd = j->old_fd = j->lock_fd = -1;
	j->attempt = xstrdup(attempt);
	/* Who had it before may have been killed before a sync. */
	j->unnamed = j->unplaced = true;
	/* Room for one more entry than may be held. */
	buf_init(&j->held, JOURNAL_HELD_MAX + ENTRY_LINE_MAX);
	return j;
}

/* The size may end within a line; readers wait for the line's end. */
void
journal_refresh(struct journal *j)
{
	struct stat st;

	if (fstat(j->fd, &st) < 0 || st.st_size <= j->size)
		return;
	j->size = st.st_size;
	/* What its owner has written may name files that the owner put beside
	 * it. */
	j->unsynced = j->unnamed = true;
}

int
journal_end_following(struct journal *j, struct err *err)
{
	return journal_cut_tail(j, err);
}

char *
journal_file(const struct journal *j)
{
	return xasprintf("%s/%s", j->path, JOURNAL_FILE);
}

int
journal_put_file(struct journal *j, const char *name, const void *data,
    size_t len, struct err *err)
{
	const struct tempfile_bytes bytes = {
	    .data = data, .len = len, .mode = 0600, .sync = true};

	j->unnamed = true;
	return tempfile_write(j->dir_fd, name, NULL, &bytes, err);
}

void
journal_close(struct journal *j)
{
	if (j == NULL)
		return;
	if (j->fd >= 0)
		close(j->fd);
	if (j->dir_fd >= 0)
		close(j->dir_fd);
	if (j->old_fd >= 0)
		close(j->old_fd);
	if (j->lock_fd >= 0)
		close(j->lock_fd);
	buf_release(&j->held);
	free(j->path);
	free(j->attempt);
	free(j);
}

const char *
journal_attempt(const struct journal *j)
{
	return j->attempt;
}

bool
journal_in_memory(const struct journal *j)
{
	return j->dir_fd < 0 || (j->in_memory && j->old_size == 0);
}

bool
journal_is_cut(const struct journal *j)
{
	return j->in_memory && j->old_size > 0;
}

int64_t
journal_size(const struct journal *j)
{
	return j->size;
}

int
journal_append(struct journal *j, const struct entry *e, struct err *err)
{
	if (entry_encode(e, &j->held) < 0)
		return err_set(err, -EMSGSIZE,
		    "an entry of more than %d bytes can't be kept",
		    ENTRY_LINE_MAX);
	/* A producer that reads a whole file in one turn (import) makes more
	 * than may be held. The next flush reports an error again. */
	if (j->held.len >= JOURNAL_WRITE_BYTES)
		journal_flush(j, NULL);
	return 0;
}

void
journal_use_memory(struct journal *j)
{
	struct err err = ERR_INIT;
	int fd = file_nameless(false, &err);

	if (fd < 0)
		die("no memory for the journal: %s", err.message);
	j->in_memory = true;
	j->fd = fd;
}

void
journal_leave_disk(struct journal *j)
{
	int disk = j->fd;
	off_t left = j->size;

	if (j->in_memory)
		return;
	journal_use_memory(j);
	if (lseek(disk, 0, SEEK_SET) == 0)
		while (left > 0) {
			ssize_t n =
			    file_copy_some(disk, j->fd, (size_t)left, NULL);

			if (n <= 0)
				break;
			left -= n;
		}
	if (left > 0)
		die("journal %s: can't be read back", j->attempt);
	/* The lock ends with the descriptor, so it stays open. */
	j->old_fd = disk;
	j->old_size = j->size;
}

/* Cuts the file back after a short write, to the last line that it got
 * whole. */
static void
keep_whole_lines(struct journal *j, size_t written)
{
	const char *last = memrchr(j->held.data, '\n', written);
	size_t whole = last != NULL ? (size_t)(last - j->held.data) + 1 : 0;

	buf_consume(&j->held, whole);
	j->size += (int64_t)whole;
	j->unsynced = j->unsynced || whole > 0;
}

/* The entry that names a kept file is not on the disk before the file's bytes. */
static int
sync_kept(struct journal *j, struct err *err)
{
	int result = 0;

	if (j->unkept && !j->in_memory)
		result = durable_folder(j->path, err);
	if (result == 0)
		j->unkept = false;
	return result;
}

int
journal_flush(struct journal *j, struct err *err)
{
	ssize_t n;
	int result;

	if (j->held.len == 0)
		return 0;
	result = sync_kept(j, err);
	if (result < 0)
		return result;
	do
		n = write(j->fd, j->held.data, j->held.len);
	while (n < 0 && errno == EINTR);
	if (n == (ssize_t)j->held.len) {
		j->size += n;
		j->unsynced = true;
		buf_reset(&j->held);
		return 0;
	}
	if (n < 0)
		err_errno(err, "journal %s", j->attempt);
	else
		err_set(err, -ENOSPC, "journal %s: disk full", j->attempt);
	if (n > 0)
		keep_whole_lines(j, (size_t)n);
	if (n > 0 && ftruncate(j->fd, j->size) < 0)
		journal_leave_disk(j);
	else if (j->held.len > JOURNAL_HELD_MAX)
		journal_leave_disk(j);
	return err != NULL ? err->code : -ENOSPC;
}

/* A journal that is lost while outputs stay would be tracked once more, under
 * another number. */
static int
sync_names(struct journal *j, struct err *err)
{
	int result = 0;

	if (j->unnamed)
		result = durable_names(j->dir_fd, ".", j->path, err);
	if (result < 0)
		return result;
	j->unnamed = false;
	if (j->unplaced)
		result = durable_names(j->dir_fd, "..", j->path, err);
	if (result == 0)
		j->unplaced = false;
	return result;
}

int
journal_sync(struct journal *j, struct err *err)
{
	int result;

	if (!j->unsynced || j->in_memory || j->removed)
		return 0;
	/* What an entry names is there before the entry is. */
	result = sync_names(j, err);
	if (fdatasync(j->fd) < 0)
		return err_errno(err, "journal %s", j->attempt);
	/* Whatever could not be synced is tried again by the next call. */
	j->unsynced = result < 0;
	return result;
}

void
journal_gather(struct journal *j)
{
	j->gathers = true;
}

/* The journals of one state directory are on one file system, but one that is a
 * mount of its own would be synced for itself. What can't be synced now is synced,
 * and its error told, by who flushes and syncs the journal alone. */
void
journals_sync(struct journal *const *list, size_t len)
{
	durable_round_begin();
	for (size_t i = 0; i < len; i++)
		sync_kept(list[i], NULL);
	/* In the same round: a flush hears of kept files that were not synced. */
	for (size_t i = 0; i < len; i++)
		journal_flush(list[i], NULL);
	durable_round_end();
	durable_round_begin();
	for (size_t i = 0; i < len; i++) {
		struct journal *j = list[i];

		j->gathers = false;
		if (journal_needs_sync(j) && durable_folder(j->path, NULL) == 0)
			j->unsynced = j->unnamed = j->unplaced = false;
	}
	durable_round_end();
}

bool
journal_needs_sync(const struct journal *j)
{
	return j->unsynced && !j->in_memory;
}

int
journal_remove(struct journal *j, struct err *err)
{
	struct stat st;
	int result;

	if (j->dir_fd < 0)
		return 0;
	result = state_remove_attempt(j->dir_fd, j->attempt, err);
	/* A journal that could not be removed still needs its cursors. */
	j->removed = fstat(j->old_fd >= 0 ? j->old_fd : j->fd, &st) < 0 ||
	    st.st_nlink == 0;
	return result;
}

bool
journal_is_removed(const struct journal *j)
{
	return j->removed;
}
