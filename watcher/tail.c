#include "watcher/tail.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "format/crc32c.h"
#include "mapping/decode.h"
#include "mapping/names.h"
#include "watcher/records.h"

#define CHUNK_BYTES (256 * 1024)

void
tail_init(struct tail *t)
{
	*t = (struct tail){.held = -1, .found = -1};
	buf_init(&t->part, TAIL_LINE_MAX + CHUNK_BYTES);
}

void
tail_release(struct tail *t)
{
	buf_release(&t->part);
	if (t->held >= 0)
		close(t->held);
	if (t->found >= 0)
		close(t->found);
	t->held = t->found = -1;
}

/* Opens the file, or what is left of the one that had its name. */
static int
open_named(const struct tail *t, int dir_fd, const char *name, struct stat *st,
    struct err *err)
{
	int fd = file_open_regular(dir_fd, name, st, err), code;

	if (fd == -ENOENT && t->held < 0 && t->not_held < 0)
		return err_set(
		    err, t->not_held, "%s: %s", name, strerror(-t->not_held));
	if (fd != -ENOENT || t->held < 0)
		return fd;
	fd = fcntl(t->held, F_DUPFD_CLOEXEC, 0);
	if (fd >= 0 && file_stat(fd, st) == 0)
		return fd;
	code = err_errno(err, "%s", name);
	if (fd >= 0)
		close(fd);
	return code;
}

void
tail_hold(struct tail *t, int fd)
{
	if (t->held >= 0)
		return;
	t->held = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (t->held < 0)
		t->not_held = fd < 0 ? fd : -errno;
}

/* Closes it, or holds it from now on. */
static void
put_down(struct tail *t, int fd)
{
	struct stat st;

	if (!t->hold ||
	    (t->held >= 0 && file_stat(t->held, &st) == 0 &&
		st.st_dev == t->device && st.st_ino == t->inode)) {
		close(fd);
		return;
	}
	if (t->held >= 0)
		close(t->held);
	t->held = fd;
}

/* Are the first `len` bytes those of this checksum? */
static int
compare(int fd, int64_t len, uint32_t want_crc, struct err *err)
{
	char chunk[16 * 1024];
	int64_t at = 0;
	uint32_t crc = 0;

	while (at < len) {
		size_t want = sizeof chunk;
		ssize_t n;

		if (len - at < (int64_t)want)
			want = (size_t)(len - at);
		n = pread(fd, chunk, want, at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, RECORDS_FILE);
		if (n == 0)
			return TAIL_SHRUNK;
		crc = crc32c(crc, chunk, (size_t)n);
		at += n;
	}
	return crc != want_crc ? TAIL_REPLACED : TAIL_CAUGHT_UP;
}

/* A file that was written anew may stay shorter than what was taken: then its
 * first line tells. */
static int
look_at_shorter(const struct tail *t, int fd, struct err *err)
{
	int result = t->first_len == 0 || t->size < t->first_len
	    ? TAIL_SHRUNK
	    : compare(fd, t->first_len, t->first_crc, err);

	return result == TAIL_CAUGHT_UP ? TAIL_SHRUNK : result;
}

static int
look_at_doubtful(struct tail *t, int fd, struct err *err)
{
	int result = compare(fd, t->offset, t->crc, err);

	t->doubtful = result != TAIL_CAUGHT_UP;
	return result;
}

/* Is it still the file whose first bytes were taken? */
static int
look(struct tail *t, int fd, const struct stat *st, struct err *err)
{
	int64_t read_to = t->offset + (int64_t)t->part.len;

	if (t->seen &&
	    (st->st_dev != t->device || st->st_ino != t->inode ||
		st->st_size < read_to)) {
		t->doubtful = true;
		t->skipping = false;
		buf_reset(&t->part);
	}
	t->seen = true;
	t->device = st->st_dev;
	t->inode = st->st_ino;
	t->size = st->st_size;
	t->mtime_ns = clock_ns(&st->st_mtim);
	if (st->st_size < t->offset)
		return look_at_shorter(t, fd, err);
	return t->doubtful ? look_at_doubtful(t, fd, err) : TAIL_CAUGHT_UP;
}

/* Hands over the whole lines in part. `first`: none came in this call yet. */
static void
take_lines(struct tail *t, size_t searched, bool first, bool at_end,
    tail_line *line, void *data)
{
	size_t start = 0;
	const char *newline;

	while ((newline = memchr(t->part.data + start + searched, '\n',
		    t->part.len - start - searched)) != NULL) {
		const char *text = t->part.data + start;
		size_t len = (size_t)(newline - text);
		bool alone = first && at_end && start + len + 1 == t->part.len;

		t->crc = crc32c(t->crc, text, len + 1);
		if (t->offset == 0) {
			t->first_len = (int64_t)len + 1;
			t->first_crc = t->crc;
		}
		t->offset += (int64_t)len + 1;
		if (t->skipping || len > TAIL_LINE_MAX)
			line("", 1, t->offset, false, data);
		else
			line(text, len, t->offset, alone, data);
		t->skipping = false;
		first = false;
		start += len + 1;
		searched = 0;
	}
	buf_consume(&t->part, start);
}

static int
open_file(struct tail *t, int dir_fd, const char *name, struct stat *st,
    struct err *err)
{
	if (!t->find)
		return open_named(t, dir_fd, name, st, err);
	if (t->found < 0)
		t->found = records_open(dir_fd, st, err);
	else if (file_stat(t->found, st) < 0)
		return err_errno(err, "%s", name);
	return t->found;
}

int64_t
tail_size(struct tail *t, int dir_fd, struct err *err)
{
	struct err why = ERR_INIT;
	struct stat st;
	int fd = open_file(t, dir_fd, RECORDS_FILE, &st, &why);

	if (fd >= 0)
		return st.st_size;
	return fd == -ENOENT ? 0 : err_set(err, fd, "%s", why.message);
}

int
tail_read(struct tail *t, int dir_fd, const char *name, tail_line *line,
    void *data, struct err *err)
{
	struct stat st;
	int fd = open_file(t, dir_fd, name, &st, err);
	int64_t left = TAIL_BYTES_A_CALL;
	bool first = true;
	int result;

	if (fd == -ENOENT)
		return TAIL_ABSENT;
	if (fd < 0)
		return fd;
	result = look(t, fd, &st, err);
	while (result == TAIL_CAUGHT_UP && left > 0) {
		size_t searched = t->part.len;
		int64_t before = t->offset;
		char *room;
		ssize_t n;

		if (searched > TAIL_LINE_MAX) {
			/* Its bytes count for offset and checksum only. */
			t->crc = crc32c(t->crc, t->part.data, searched);
			t->offset += (int64_t)searched;
			buf_reset(&t->part);
			t->skipping = true;
			searched = 0;
		}
		room = buf_reserve(&t->part, CHUNK_BYTES);
		n = pread(
		    fd, room, CHUNK_BYTES, t->offset + (int64_t)t->part.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			result = err_errno(err, "%s", name);
		if (n <= 0)
			break;
		buf_advance(&t->part, (size_t)n);
		left -= n;
		take_lines(t, searched, first, n < CHUNK_BYTES, line, data);
		first = first && t->offset == before;
	}
	if (fd != t->found)
		put_down(t, fd);
	if (result == TAIL_CAUGHT_UP && left <= 0)
		return TAIL_MORE;
	return result;
}

int
tail_read_all(struct tail *t, int dir_fd, const char *name, tail_line *line,
    void *data, struct err *err)
{
	int result = tail_read(t, dir_fd, name, line, data, err);
	int64_t size = t->size;

	while (result == TAIL_MORE && t->offset < size)
		result = tail_read(t, dir_fd, name, line, data, err);
	return result;
}

uint64_t
tail_end(struct tail *t, bool finished, tail_line *line, void *data)
{
	struct record record;
	size_t len = t->part.len;

	if (!finished || len == 0 || len > TAIL_LINE_MAX || t->skipping ||
	    decode_line(&record, t->part.data, len) != DECODED_RECORD)
		return len;
	t->crc = crc32c(t->crc, t->part.data, len);
	t->offset += (int64_t)len;
	line(t->part.data, len, t->offset, false, data);
	buf_reset(&t->part);
	return 0;
}
