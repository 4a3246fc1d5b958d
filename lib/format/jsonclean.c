/* Takes out of written JSON what is no character (jsonwrite_clean of
 * jsonwrite.h). */
#include <stdlib.h>
#include <string.h>

#include "format/jsonwrite.h"

#define ESCAPE_LEN 6 /* \uXXXX */

/* The number of an escape \uXXXX; -1: it is another one. */
static int
escaped(const char *at, const char *end)
{
	char digits[] = "0000";
	char *rest;
	long code;

	if (end - at < ESCAPE_LEN || at[0] != '\\' || at[1] != 'u')
		return -1;
	memcpy(digits, at + 2, sizeof digits - 1);
	code = strtol(digits, &rest, 16);
	return *rest == '\0' ? (int)code : -1;
}

void
jsonwrite_clean(char *json, size_t len)
{
	const char *end = json + len;
	char *at = json;

	while (
	    at < end && (at = memchr(at, '\\', (size_t)(end - at))) != NULL) {
		int code = escaped(at, end);
		int next = code >= 0 ? escaped(at + ESCAPE_LEN, end) : -1;

		if (code < 0) {
			at += 2;
		} else if (code >= 0xD800 && code <= 0xDBFF && next >= 0xDC00 &&
		    next <= 0xDFFF) {
			at += 2 * (size_t)ESCAPE_LEN;
		} else {
			if (code == 0 || (code >= 0xD800 && code <= 0xDFFF))
				memcpy(at + 2, "fffd", 4);
			at += ESCAPE_LEN;
		}
	}
}
