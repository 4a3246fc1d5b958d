/*
 * The words of JSON, for jsonscan.c: each function reads from `p` (which is
 * before `end`) and returns the place behind the word, or NULL if the word is
 * not valid.
 */
#ifndef FORMAT_JSONTOKEN_H
#define FORMAT_JSONTOKEN_H

#include <stdbool.h>

#include "format/jsonscan.h"

/* Skips white space; `p` may be `end`, and the result is never NULL. Mostly
 * there is none, which one comparison finds out. */
static inline const char *
jsontoken_space(const char *p, const char *end)
{
	while (p < end && (unsigned char)*p <= ' ' &&
	    (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
		p++;
	return p;
}

/* A string; `p` is its opening quote. *plain: no escapes, no bytes >= 0x80. */
const char *jsontoken_string(const char *p, const char *end, bool *plain);

/* Any value but a container. Fills type and plain of `value`. */
const char *jsontoken_scalar(
    const char *p, const char *end, struct json_span *value);

#endif
