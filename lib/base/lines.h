/*
 * Reads the whole lines of a file, one at a time; memory is needed for the
 * longest line only. Text behind the last newline is no line yet: it may still
 * be growing.
 *
 *	lines_init(&lines, fd);
 *	while ((r = lines_next(&lines, &line, &len, err)) > 0)
 *		if (r == LINES_LINE) ... line, len ...
 *	lines_release(&lines);
 *
 * The descriptor stays the caller's.
 */
#ifndef BASE_LINES_H
#define BASE_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Records may repeat long texts, so lines of hundreds of megabytes are legal; a
 * line longer than this is no record but an attempt to exhaust our memory.
 * Every reader of records uses this limit, so that all count the same. */
#define LINES_LINE_MAX ((size_t)512 * 1024 * 1024)

enum { LINES_END, LINES_LINE, LINES_TOO_LONG };

struct lines {
	int fd;
	char *data;
	size_t cap;
	size_t start;     /* where the next line begins in data */
	size_t len;       /* bytes in data */
	size_t searched;  /* data[start .. searched] has no newline */
	size_t line_max;  /* may be set after lines_init() */
	uint64_t offset;  /* where the last whole line ends in the file */
	uint64_t skipped; /* how many bytes of a too long line are gone */
};

void lines_init(struct lines *l, int fd);
void lines_release(struct lines *l);

/* LINES_LINE: `line` is the next line without its newline, valid until the next
 * call. LINES_TOO_LONG: a line longer than line_max was passed over. LINES_END,
 * or a negative errno. May be called again after the end, when the file has
 * grown. */
int lines_next(
    struct lines *l, const char **line, size_t *len, struct err *err);

/* After LINES_END: how many bytes stand behind the last newline. */
uint64_t lines_torn(const struct lines *l);
/* After LINES_END: gives the bytes behind the last newline. False: there are
 * none, or too many. */
bool lines_rest(const struct lines *l, const char **text, size_t *len);

#endif
