/* Reads a journal's entries in order, and tells on which lane (metrics or
 * files) each is delivered. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "journal/members.h"
#include "journal/private.h"
#include "journal/state_dir.h"

#define READ_BYTES       (64 * 1024)
#define FIRST_READ_BYTES 4096

static void
reader_reset(struct journal_reader *r, int fd, const struct journal *j)
{
	*r = (struct journal_reader){.fd = fd, .journal = j, .line_at = -1};
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
	int dir_fd = state_open_attempt(state_dir, attempt, false, err), fd;

	if (dir_fd < 0)
		return dir_fd;
	fd = state_open_file(dir_fd, JOURNAL_FILE, O_RDONLY, err);
	close(dir_fd);
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

/* Reads on behind the chunk. 0: there is nothing more. */
static int
reader_fill(struct journal_reader *r, struct err *err)
{
	int fd = r->journal != NULL ? r->journal->fd : r->fd;
	int64_t at = r->chunk_at + (int64_t)r->chunk.len;
	/* Many readers want only the start of another's journal. */
	size_t want =
	    r->journal == NULL && at == 0 ? FIRST_READ_BYTES : READ_BYTES;
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

/* Finds the line at r->offset, without its newline. 1: there is one; 0: there
 * is no whole line (yet). */
static int
find_line(
    struct journal_reader *r, const char **line, size_t *len, struct err *err)
{
	size_t skip;
	size_t searched = 0;

	/* Whoever reads a line or skips it has asked for its kind before. */
	if (r->line_at == r->offset) {
		*line = r->chunk.data + (r->offset - r->chunk_at);
		*len = r->line_len;
		return 1;
	}
	r->line_at = -1;
	/* The reader's user may have moved it. */
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
		const char *start = r->chunk.data + skip, *newline;
		size_t rest = r->chunk.len - skip;
		int result;

		newline = memchr(start + searched, '\n', rest - searched);
		/* Zeros: the same as a torn line (journal_cut_tail). */
		if (newline != NULL &&
		    memchr(start, '\0', (size_t)(newline - start)) != NULL)
			return 0;
		if (newline != NULL) {
			*line = start;
			*len = (size_t)(newline - start);
			r->line_at = r->offset;
			r->line_len = *len;
			return 1;
		}
		searched = rest;
		result = reader_fill(r, err);
		if (result <= 0)
			return result;
	}
}

int
journal_read(struct journal_reader *r, struct entry *e, struct err *err)
{
	const char *line;
	size_t len;
	int result = find_line(r, &line, &len, err);

	if (result <= 0)
		return result;
	result = entry_decode(e, line, len, err);
	if (result < 0)
		return result;
	r->offset += (int64_t)len + 1;
	return 1;
}

/* We write the kind first. A line of another form is decoded to find it. */
static int
kind_of(const char *line, size_t len, enum entry_kind *kind, struct err *err)
{
	static const char begin[] = "{\"entry\":\"";
	size_t begin_len = sizeof begin - 1;
	struct entry e;
	int result;

	if (len > begin_len && memcmp(line, begin, begin_len) == 0)
		for (int i = 0; i < ENTRY_KIND_COUNT; i++) {
			const char *name = entry_formats[i].name;
			size_t name_len = strlen(name);

			if (len > begin_len + name_len &&
			    memcmp(line + begin_len, name, name_len) == 0 &&
			    line[begin_len + name_len] == '"') {
				*kind = (enum entry_kind)i;
				return 1;
			}
		}
	result = entry_decode(&e, line, len, err);
	if (result < 0)
		return result;
	*kind = e.kind;
	entry_release(&e);
	return 1;
}

int
journal_peek(struct journal_reader *r, enum entry_kind *kind, struct err *err)
{
	const char *line;
	size_t len;
	int result = find_line(r, &line, &len, err);

	return result <= 0 ? result : kind_of(line, len, kind, err);
}

int
journal_skip(struct journal_reader *r, struct err *err)
{
	const char *line;
	size_t len;
	int result = find_line(r, &line, &len, err);

	if (result > 0)
		r->offset += (int64_t)len + 1;
	return result;
}

enum lane
entry_kind_lane(enum entry_kind kind)
{
	switch (kind) {
	case ENTRY_ARTIFACT:
	case ENTRY_TABLE:
	case ENTRY_REGISTER:
		return LANE_FILES;
	case ENTRY_RECORDS:
		return LANE_RECORDS;
	default:
		return LANE_METRICS;
	}
}
