#include "base/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"

/* Large enough to make the system calls cheap, small enough for a cache. */
#define LINES_FIRST_BYTES ((size_t)256 * 1024)

void
lines_init(struct lines *l, int fd)
{
	*l = (struct lines){.fd = fd, .line_max = LINES_LINE_MAX};
}

void
lines_release(struct lines *l)
{
	free(l->data);
	*l = (struct lines){.fd = -1};
}

/* Makes room behind the bytes that are there. */
static void
make_room(struct lines *l)
{
	size_t rest = l->len - l->start;

	if (l->start > 0) {
		memmove(l->data, l->data + l->start, rest);
		l->searched -= l->start;
		l->len = rest;
		l->start = 0;
	}
	/* One long line must not keep its memory for the rest of the file. */
	if (l->cap > LINES_FIRST_BYTES && rest < LINES_FIRST_BYTES / 2) {
		l->cap = LINES_FIRST_BYTES;
		l->data = xreallocarray(l->data, l->cap, 1);
	}
	if (l->len < l->cap)
		return;
	l->cap = l->cap > 0 ? 2 * l->cap : LINES_FIRST_BYTES;
	l->data = xreallocarray(l->data, l->cap, 1);
}

/* 1: bytes came; 0: the end of the file. */
static int
read_more(struct lines *l, struct err *err)
{
	ssize_t n;

	make_room(l);
	do
		n = read(l->fd, l->data + l->len, l->cap - l->len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_errno(err, "read");
	l->len += (size_t)n;
	return n > 0;
}

/* The line is too long: forgets the part of it that was read. */
static void
skip(struct lines *l)
{
	l->skipped += l->len - l->start;
	l->start = l->searched = l->len;
}

int
lines_next(struct lines *l, const char **line, size_t *len, struct err *err)
{
	const char *newline;
	int r;

	for (;;) {
		newline = l->searched < l->len
		    ? memchr(l->data + l->searched, '\n', l->len - l->searched)
		    : NULL;
		if (newline != NULL)
			break;
		l->searched = l->len;
		if (l->skipped > 0 || l->len - l->start > l->line_max)
			skip(l);
		r = read_more(l, err);
		if (r <= 0)
			return r;
	}
	*line = l->data + l->start;
	*len = (size_t)(newline - *line);
	l->start += *len + 1;
	l->searched = l->start;
	l->offset += l->skipped + *len + 1;
	if (l->skipped == 0 && *len <= l->line_max)
		return LINES_LINE;
	l->skipped = 0;
	*line = NULL;
	return LINES_TOO_LONG;
}

uint64_t
lines_torn(const struct lines *l)
{
	return l->skipped + (l->len - l->start);
}

bool
lines_rest(const struct lines *l, const char **text, size_t *len)
{
	*text = l->data + l->start;
	*len = l->len - l->start;
	return l->skipped == 0 && *len > 0 && *len <= l->line_max;
}
