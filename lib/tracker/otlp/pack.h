/* gzip, as a request's body has it (RFC 1952). */
#ifndef TRACKER_OTLP_PACK_H
#define TRACKER_OTLP_PACK_H

#include "base/buf.h"

/* Appends the bytes, compressed. -EMSGSIZE: `out` has no room. */
int otlp_pack(struct buf *out, const char *bytes, size_t len);

#endif
