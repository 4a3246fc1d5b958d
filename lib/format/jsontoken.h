/*
 * The words of JSON, for jsonscan.c: each function takes the bytes from `p`
 * (not at `end`) and returns the place behind what it found, NULL if that is
 * not valid.
 */
#ifndef FORMAT_JSONTOKEN_H
#define FORMAT_JSONTOKEN_H

#include <stdbool.h>

#include "format/jsonscan.h"

/* Behind white space; `p` may be `end`, it never returns NULL. Mostly there is
 * none, which one comparison tells. */
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
