/*
 * Times as Python 3.11's datetime.fromisoformat() reads them.
 */
#ifndef FORMAT_ISOTIME_H
#define FORMAT_ISOTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Microseconds since 1970-01-01 UTC; a time without an offset is taken as UTC.
 * Fraction digits after the sixth are cut off. Returns 0, or -EINVAL for what
 * fromisoformat refuses. `text` is in the form of format/text.h. */
int isotime_parse(const char *text, size_t len, int64_t *us);

#endif
