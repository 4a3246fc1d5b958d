#include "tracker/wandb/file.h"

#include <endian.h>
#include <string.h>
#include <zlib.h>

#define CHUNK_HEADER_BYTES 7

enum chunk_type { CHUNK_FULL = 1, CHUNK_FIRST, CHUNK_MIDDLE, CHUNK_LAST };

void
wandbfile_header(struct buf *out)
{
	/* ":W&B", the magic number 0xBEE1, version 0. */
	static const char header[WANDBFILE_HEADER_BYTES] = {
	    ':', 'W', '&', 'B', '\xe1', '\xbe', 0};

	buf_add(out, header, sizeof(header));
}

static void
add_chunk(struct buf *out, enum chunk_type type, const char *data, size_t len)
{
	unsigned char header[CHUNK_HEADER_BYTES];
	uint16_t len_le = htole16((uint16_t)len);
	uint32_t crc;

	header[6] = (unsigned char)type;
	crc = (uint32_t)crc32(0, header + 6, 1);
	/* zlib takes NULL as a wish for the first value. */
	if (len > 0)
		crc = (uint32_t)crc32(
		    crc, (const unsigned char *)data, (unsigned)len);
	crc = htole32(crc);
	memcpy(header, &crc, sizeof(crc));
	memcpy(header + 4, &len_le, sizeof(len_le));
	buf_add(out, header, sizeof(header));
	buf_add(out, data, len);
}

void
wandbfile_record(struct buf *out, int64_t offset, const void *data, size_t len)
{
	static const char zeros[CHUNK_HEADER_BYTES];
	const char *at = data;
	size_t room, n;
	bool first = true, last;

	room = WANDBFILE_BLOCK_BYTES - (size_t)(offset % WANDBFILE_BLOCK_BYTES);
	do {
		if (room < CHUNK_HEADER_BYTES) {
			buf_add(out, zeros, room);
			room = WANDBFILE_BLOCK_BYTES;
		}
		/* With exactly a header's room the chunk is an empty FIRST. */
		n = room - CHUNK_HEADER_BYTES;
		last = len <= n;
		if (last)
			n = len;
		if (first)
			add_chunk(out, last ? CHUNK_FULL : CHUNK_FIRST, at, n);
		else
			add_chunk(out, last ? CHUNK_LAST : CHUNK_MIDDLE, at, n);
		at += n;
		len -= n;
		room = WANDBFILE_BLOCK_BYTES;
		first = false;
	} while (!last);
}
