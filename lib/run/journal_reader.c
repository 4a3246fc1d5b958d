#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "run/journal_private.h"

#define READ_BYTES (64 * 1024)

static void
reader_reset(struct journal_reader *r, int fd, const struct journal *j)
{
	*r = (struct journal_reader){.fd = fd, .journal = j};
	buf_init(&r->chunk, ENTRY_LINE_MAX + 2 * READ_BYTES);
}

void
journal_reader_init(struct journal_reader *r, const struct journal *j)
{
	reader_reset(r, -1, j);
}

int
journal_reader_open(struct journal_reader *r, const char *state_dir,
    const char *attempt, struct err *err)
{
	char *dir = journal_directory(state_dir, attempt);
	int dir_fd = open(dir, O_DIRECTORY | O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	int fd = dir_fd < 0
	    ? err_errno(err, "%s", dir)
	    : file_open_regular(dir_fd, JOURNAL_FILE, NULL, err);

	if (dir_fd >= 0)
		close(dir_fd);
	free(dir);
	if (fd < 0)
		return fd;
	reader_reset(r, fd, NULL);
	return 0;
}

void
journal_reader_release(struct journal_reader *r)
{
	if (r->journal == NULL && r->fd >= 0)
		close(r->fd);
	buf_release(&r->chunk);
}

/* Reads on behind the chunk. 0: nothing more. */
static int
reader_fill(struct journal_reader *r, struct err *err)
{
	int fd = r->journal != NULL ? r->journal->fd : r->fd;
	int64_t at = r->chunk_at + (int64_t)r->chunk.len;
	size_t want = READ_BYTES;
	char *room;
	ssize_t n;

	if (r->journal != NULL) {
		if (at >= r->journal->size)
			return 0;
		if (r->journal->size - at < (int64_t)want)
			want = (size_t)(r->journal->size - at);
	}
	room = buf_reserve(&r->chunk, want);
	if (room == NULL)
		return err_set(err, -EBADMSG,
		    "journal: a line of more than %d bytes", ENTRY_LINE_MAX);
	do
		n = pread(fd, room, want, at);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_errno(err, "journal");
	buf_advance(&r->chunk, (size_t)n);
	return n > 0 ? 1 : 0;
}

int
journal_read(struct journal_reader *r, struct entry *e, struct err *err)
{
	size_t skip;
	const char *newline;
	size_t searched = 0;

	/* The reader may have been moved. */
	if (r->offset < r->chunk_at ||
	    r->offset > r->chunk_at + (int64_t)r->chunk.len) {
		buf_reset(&r->chunk);
		r->chunk_at = r->offset;
	}
	skip = (size_t)(r->offset - r->chunk_at);
	if (skip >= READ_BYTES) {
		buf_consume(&r->chunk, skip);
		r->chunk_at = r->offset;
		skip = 0;
	}
	for (;;) {
		char *start = r->chunk.data + skip;
		size_t len = r->chunk.len - skip;
		int result;

		newline = memchr(start + searched, '\n', len - searched);
		if (newline != NULL) {
			result = entry_decode(
			    e, start, (size_t)(newline - start), err);
			if (result < 0)
				return result;
			r->offset += newline + 1 - start;
			return 1;
		}
		searched = len;
		result = reader_fill(r, err);
		if (result <= 0)
			return result;
	}
}

enum lane
entry_lane(const struct entry *e)
{
	switch (e->kind) {
	case ENTRY_ARTIFACT:
	case ENTRY_TABLE:
	case ENTRY_REGISTER:
		return LANE_FILES;
	default:
		return LANE_METRICS;
	}
}
