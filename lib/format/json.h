/*
 * Small documents that others wrote: a server's answer, a summary. The whole
 * text is checked once (format/jsonscan.h: strict, bounded depth, no
 * recursion), then its members are looked up by path.
 *
 *	struct json_span doc;
 *	if (json_document(body, len, &doc, &err) == 0)
 *		run_id = json_at_text(&doc, "run.info.run_id");
 *
 * Spans point into the bytes; nothing is to be released.
 */
#ifndef FORMAT_JSON_H
#define FORMAT_JSON_H

#include "base/err.h"
#include "format/jsonscan.h"

/* -EBADMSG: not one JSON value, with the place in err. */
int json_document(
    const char *bytes, size_t len, struct json_span *root, struct err *err);

/* The value at a dotted path; a number takes that element of an array.
 * JSON_NONE if it is not there. Keys with a dot can't be reached. */
struct json_span json_at(const struct json_span *root, const char *path);

/* A string there, allocated (text form); NULL: none, or not a string. */
char *json_at_text(const struct json_span *root, const char *path);
/* Is it a string with this content? */
bool json_at_is(
    const struct json_span *root, const char *path, const char *text);

#endif
