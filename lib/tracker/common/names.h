/*
 * Names that a tracker can't take as they are: two of them never become one. A
 * component of a name (between slashes) that is changed gets "-" and eight digits
 * of a digest of what it was, the first of them a letter; the components beside it,
 * and so the value's own name, stay readable. A component that looks like the
 * result of such a change is changed as well. Pure functions.
 */
#ifndef TRACKER_COMMON_NAMES_H
#define TRACKER_COMMON_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* "-" and eight digits. */
#define NAMES_DIGEST_CHARACTERS 9

/* Appends the digest of a component. */
void names_put_digest(struct buf *out, const char *component, size_t len);
/* Does a component end as if a digest had been put behind it? */
bool names_has_digest(const char *component, size_t len);

/* Appends a name (format/text.h) as valid UTF-8: U+FFFD stands for what has no
 * place there. Returns whether the name was changed. */
bool names_utf8(struct buf *out, const char *name);

#endif
