/*
 * Base64 with the standard alphabet and padding (RFC 4648, section 4), writing
 * only: digests and Basic credentials.
 */
#ifndef FORMAT_BASE64_H
#define FORMAT_BASE64_H

#include <stddef.h>

#include "base/buf.h"

/* Overflow is the buffer's. */
void base64_add(struct buf *out, const void *data, size_t len);

#endif
