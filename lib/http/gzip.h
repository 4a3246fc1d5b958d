/*
 * Bytes as gzip (RFC 1952), for the bodies of requests.
 */
#ifndef HTTP_GZIP_H
#define HTTP_GZIP_H

#include <stddef.h>

#include "base/buf.h"

/* Appends one gzip member with these bytes. The same bytes give the same
 * member. 0, or -EMSGSIZE: `out` is full. */
int gzip_add(struct buf *out, const void *bytes, size_t len);

#endif
