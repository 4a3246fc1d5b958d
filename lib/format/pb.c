#include "format/pb.h"

#include <endian.h>
#include <string.h>

/* A varint of 64 bits is ten bytes at most. */
#define VARINT_MAX 10

enum wire_type { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_LENGTH = 2, WIRE_32 = 5 };

/* Returns its length. */
static size_t
put_varint(unsigned char bytes[VARINT_MAX], uint64_t value)
{
	size_t n = 0;

	while (value >= 0x80) {
		bytes[n++] = (unsigned char)(value | 0x80);
		value >>= 7;
	}
	bytes[n++] = (unsigned char)value;
	return n;
}

static void
add_varint(struct buf *out, uint64_t value)
{
	unsigned char bytes[VARINT_MAX];

	buf_add(out, bytes, put_varint(bytes, value));
}

static void
add_tag(struct buf *out, uint32_t field, enum wire_type type)
{
	add_varint(out, (uint64_t)field << 3 | type);
}

void
pb_varint(struct buf *out, uint32_t field, uint64_t value)
{
	add_tag(out, field, WIRE_VARINT);
	add_varint(out, value);
}

void
pb_fixed64(struct buf *out, uint32_t field, uint64_t value)
{
	uint64_t le = htole64(value);

	add_tag(out, field, WIRE_64);
	buf_add(out, &le, sizeof(le));
}

void
pb_fixed32(struct buf *out, uint32_t field, uint32_t value)
{
	uint32_t le = htole32(value);

	add_tag(out, field, WIRE_32);
	buf_add(out, &le, sizeof(le));
}

void
pb_double(struct buf *out, uint32_t field, double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	pb_fixed64(out, field, bits);
}

void
pb_float(struct buf *out, uint32_t field, float value)
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof(bits));
	pb_fixed32(out, field, bits);
}

void
pb_bytes(struct buf *out, uint32_t field, const void *data, size_t len)
{
	add_tag(out, field, WIRE_LENGTH);
	add_varint(out, len);
	buf_add(out, data, len);
}

void
pb_text(struct buf *out, uint32_t field, const char *text)
{
	pb_bytes(out, field, text, strlen(text));
}

void
pb_doubles(struct buf *out, uint32_t field, const double *values, size_t count)
{
	uint64_t bits;
	size_t i;

	if (count == 0)
		return;
	add_tag(out, field, WIRE_LENGTH);
	add_varint(out, count * sizeof(bits));
	for (i = 0; i < count; i++) {
		memcpy(&bits, &values[i], sizeof(bits));
		bits = htole64(bits);
		buf_add(out, &bits, sizeof(bits));
	}
}

size_t
pb_begin(struct buf *out, uint32_t field)
{
	add_tag(out, field, WIRE_LENGTH);
	return out->len;
}

/* The length stands before the content and is known only now, so the content
 * moves up by one to a few bytes. Messages are small; counting first in a
 * second pass would cost the callers more. */
void
pb_end(struct buf *out, size_t begin)
{
	unsigned char bytes[VARINT_MAX];
	size_t len, n;

	if (buf_overflowed(out))
		return;
	len = out->len - begin;
	n = put_varint(bytes, len);
	if (buf_reserve(out, n) == NULL)
		return;
	memmove(out->data + begin + n, out->data + begin, len);
	memcpy(out->data + begin, bytes, n);
	buf_advance(out, n);
}
