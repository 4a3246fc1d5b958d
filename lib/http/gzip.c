#include "http/gzip.h"

#include <errno.h>
#include <limits.h>

#define ZLIB_CONST
#include <zlib.h>

#include "base/die.h"

/* zlib's largest window, and 16 for the form of gzip. */
#define WINDOW_GZIP  (MAX_WBITS + 16)
#define MEMORY_LEVEL 8
#define ROOM         ((size_t)64 * 1024)

static void
begin(z_stream *z)
{
	*z = (z_stream){0};
	/* Level 1: the bodies are small texts for a server near by. */
	if (deflateInit2(z, Z_BEST_SPEED, Z_DEFLATED, WINDOW_GZIP, MEMORY_LEVEL,
		Z_DEFAULT_STRATEGY) != Z_OK)
		die("zlib can't be used");
}

int
gzip_add(struct buf *out, const void *bytes, size_t len)
{
	const unsigned char *at = bytes;
	z_stream z;
	int result = Z_OK;

	begin(&z);
	while (result != Z_STREAM_END) {
		char *room = buf_reserve(out, ROOM);

		if (room == NULL)
			break;
		if (z.avail_in == 0) {
			z.next_in = at;
			z.avail_in = (uInt)(len < INT_MAX ? len : INT_MAX);
			at += z.avail_in;
			len -= z.avail_in;
		}
		z.next_out = (unsigned char *)room;
		z.avail_out = ROOM;
		result = deflate(&z, len == 0 ? Z_FINISH : Z_NO_FLUSH);
		buf_advance(out, ROOM - z.avail_out);
	}
	deflateEnd(&z);
	return result == Z_STREAM_END ? 0 : -EMSGSIZE;
}
