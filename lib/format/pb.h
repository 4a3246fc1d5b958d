/*
 * Protocol Buffers, writing only: each call appends one field to a buffer in
 * the wire format (https://protobuf.dev/programming-guides/encoding/). The
 * caller knows the field numbers and types; nothing here knows a message.
 *
 *	pb_text(&out, 3, "abc");
 *	at = pb_begin(&out, 4);          a nested message, any depth
 *	pb_varint(&out, 1, 150);
 *	pb_end(&out, at);
 *
 * Bytes equal those of Google's own writers if fields are written in the order
 * of their numbers. Values of zero are written too. Proto3's writers leave them
 * out, so a caller that wants the same bytes must not write zeros. Overflow is
 * the buffer's (buf_overflowed); what is in it then is of no use.
 */
#ifndef FORMAT_PB_H
#define FORMAT_PB_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* int32, int64, uint32, uint64, bool, enum. A negative number is cast to
 * uint64_t: ten bytes, as the format wants it. */
void pb_varint(struct buf *out, uint32_t field, uint64_t value);
/* fixed64 and double, fixed32 and float: little-endian. */
void pb_fixed64(struct buf *out, uint32_t field, uint64_t value);
void pb_fixed32(struct buf *out, uint32_t field, uint32_t value);
void pb_double(struct buf *out, uint32_t field, double value);
void pb_float(struct buf *out, uint32_t field, float value);
/* bytes, string. The text is written as it is: it must be UTF-8. */
void pb_bytes(struct buf *out, uint32_t field, const void *data, size_t len);
void pb_text(struct buf *out, uint32_t field, const char *text);
/* repeated double, packed; nothing if count is 0. */
void pb_doubles(
    struct buf *out, uint32_t field, const double *values, size_t count);

/* A nested message: fields written between the two are its content. Returns
 * what pb_end wants; nests like brackets. */
size_t pb_begin(struct buf *out, uint32_t field);
void pb_end(struct buf *out, size_t begin);

#endif
