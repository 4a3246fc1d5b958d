/* Takes lines out of the index: a new file with the others replaces it, under
 * the lock that those who add a line take. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/durable.h"
#include "base/file.h"
#include "base/lines.h"
#include "base/tempfile.h"
#include "journal/index_private.h"
#include "journal/state_dir.h"

/* The name of the new file until it is whole, for whoever prunes next. */
#define WORD "prunedprune0"
/* Lines are written in pieces of this size. */
#define PIECE_BYTES (64 * 1024)

struct prune {
	const char *state_dir;
	bool (*remove)(const struct index_entry *e, void *data);
	void *data;
	int out; /* -1: nothing is written */
	struct buf piece;
	size_t removed;
};

static int
write_piece(struct prune *p, struct err *err)
{
	int result = p->out < 0
	    ? 0
	    : file_write_all(p->out, p->piece.data, p->piece.len, err);

	buf_reset(&p->piece);
	return result;
}

/* A line that can't be read stays as it is: it may be an attempt's. */
static bool
is_to_go(struct prune *p, const char *line, size_t len)
{
	struct index_entry e;
	bool go =
	    index_decode(&e, line, len, NULL) == 0 && p->remove(&e, p->data);

	index_entry_release(&e);
	p->removed += go;
	return go;
}

/* A line that is too long to be read is none of ours, and stays as well. */
static int
copy_bytes(struct prune *p, int fd, uint64_t from, uint64_t to, struct err *err)
{
	char bytes[PIECE_BYTES];
	int result = write_piece(p, err);

	while (result == 0 && p->out >= 0 && from < to) {
		size_t len = to - from < sizeof bytes ? (size_t)(to - from)
						      : sizeof bytes;
		ssize_t n = file_read_at(fd, bytes, len, (off_t)from);

		if (n <= 0)
			return err_set(err, n < 0 ? (int)n : -EIO, "read: %s",
			    strerror(n < 0 ? (int)-n : EIO));
		result = file_write_all(p->out, bytes, (size_t)n, err);
		from += (uint64_t)n;
	}
	return result;
}

static int
copy(struct prune *p, int fd, struct err *err)
{
	struct lines lines;
	const char *line;
	uint64_t begin = 0;
	size_t len;
	int result;

	lines_init(&lines, fd);
	lines.line_max = INDEX_LINE_MAX;
	while ((result = lines_next(&lines, &line, &len, err)) > 0) {
		if (result == LINES_TOO_LONG) {
			result = copy_bytes(p, fd, begin, lines.offset, err);
		} else if (is_to_go(p, line, len)) {
			result = 0;
		} else {
			buf_add(&p->piece, line, len);
			buf_addc(&p->piece, '\n');
			result = p->piece.len >= PIECE_BYTES
			    ? write_piece(p, err)
			    : 0;
		}
		if (result < 0)
			break;
		begin = lines.offset;
	}
	lines_release(&lines);
	return result < 0 ? result : write_piece(p, err);
}

/* What stands behind the last newline is nobody's: who wrote it was killed, for
 * we have the lock. */
static int
replace(struct prune *p, int fd, int dir_fd, struct err *err)
{
	struct tempfile f = TEMPFILE_INIT;
	int result = tempfile_open(&f, dir_fd, INDEX_FILE, WORD, 0600, err);

	if (result < 0)
		return result;
	p->out = f.fd;
	result = copy(p, fd, err);
	if (result == 0 && fsync(f.fd) < 0)
		result = err_errno(err, "sync");
	if (result == 0 && p->removed > 0)
		result = tempfile_place(&f, dir_fd, INDEX_FILE, err);
	tempfile_drop(&f);
	if (result == 0)
		result = durable_names(dir_fd, ".", p->state_dir, err);
	return result;
}

/* Under the lock. */
static int
prune_locked(struct prune *p, int fd, struct err *err)
{
	int dir_fd = state_open(p->state_dir, err), result;

	if (dir_fd < 0)
		return dir_fd;
	result = replace(p, fd, dir_fd, err);
	close(dir_fd);
	return result;
}

int
index_prune(const char *state_dir, bool dry_run,
    bool (*remove)(const struct index_entry *e, void *data), void *data,
    struct err *err)
{
	struct prune p = {
	    .state_dir = state_dir, .remove = remove, .data = data, .out = -1};
	int fd, result;
	bool locked = false;

	fd = dry_run
	    ? index_open(state_dir, err)
	    : index_lock(state_dir, false, INDEX_LOCK_WAIT_MS, &locked, err);
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	buf_init(&p.piece, PIECE_BYTES + INDEX_LINE_MAX + 1);
	if (dry_run)
		result = copy(&p, fd, err);
	else if (!locked)
		result = err_set(err, -ENOLCK,
		    "the index can't be locked, so others may add lines "
		    "meanwhile");
	else
		result = prune_locked(&p, fd, err);
	buf_release(&p.piece);
	close(fd);
	return result < 0 ? err_prefix(err, "%s/" INDEX_FILE, state_dir) : 0;
}
