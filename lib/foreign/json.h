/*
 * Small JSON documents that others wrote: a server's answer, a settings file.
 * cJSON reads them; members are looked up by path.
 *
 *	cJSON *doc;
 *	if (json_document(body, len, &doc, &err) == 0)
 *		run_id = json_at_text(doc, "run.info.run_id");
 *	cJSON_Delete(doc);
 *
 * Each string of the tree is text (format/text.h), as format/jsonscan.h would
 * have it. Numbers are doubles: an integer beyond 2^53 is rounded. Where both
 * matter, and where a file may be long, format/jsonscan.h is the reader.
 */
#ifndef FOREIGN_JSON_H
#define FOREIGN_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "base/err.h"

/* A value takes about 100 bytes of memory and at least two of the document, so
 * the bytes alone are no bound. */
#define JSON_VALUES_MAX ((size_t)1 << 18)

/* Python's NaN, Infinity and -Infinity become the strings of that name, as
 * MLflow writes them. -EBADMSG: not one JSON value, with the place in err;
 * -EMSGSIZE: too many values. *root is NULL then. */
int json_document(const char *bytes, size_t len, cJSON **root, struct err *err);

/* The value at a dotted path; a number takes that element of an array. The last
 * of several members of one name counts. NULL: it is not there, or `root` is
 * NULL. Keys with a dot can't be reached. */
const cJSON *json_at(const cJSON *root, const char *path);

/* A string there, borrowed from the tree; NULL: none, or not a string. */
const char *json_at_text(const cJSON *root, const char *path);
/* The same, allocated. */
char *json_at_text_new(const cJSON *root, const char *path);
/* Is it a string with this content? */
bool json_at_is(const cJSON *root, const char *path, const char *text);

#endif
