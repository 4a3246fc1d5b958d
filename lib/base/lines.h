/*
 * The whole lines of a file, one at a time, in memory for the longest of them.
 * What follows the last newline is no line: it may still be growing.
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

/* Records repeat long texts, hundreds of megabytes are legal; at this size a
 * line is no record any more but an attempt on our memory. For every reader of
 * records, so that all count the same. */
#define LINES_LINE_MAX ((size_t)512 * 1024 * 1024)

enum { LINES_END, LINES_LINE, LINES_TOO_LONG };

struct lines {
	int fd;
	char *data;
	size_t cap;
	size_t start;     /* of the next line in data */
	size_t len;       /* bytes in data */
	size_t searched;  /* up to here there is no newline behind start */
	size_t line_max;  /* may be set after lines_init() */
	uint64_t offset;  /* in the file: behind the last whole line */
	uint64_t skipped; /* bytes of a line that is too long */
};

void lines_init(struct lines *l, int fd);
void lines_release(struct lines *l);

/* LINES_LINE: `line` without its newline, valid until the next call.
 * LINES_TOO_LONG: one beyond line_max was passed over. LINES_END, or a
 * negative errno. May be called again after the end, when the file has grown.
 */
int lines_next(
    struct lines *l, const char **line, size_t *len, struct err *err);

/* After the end: bytes behind the last newline. */
uint64_t lines_torn(const struct lines *l);
/* After the end: these bytes. False: there are none, or too many. */
bool lines_rest(const struct lines *l, const char **text, size_t *len);

#endif
