#include "tracker/otlp/pack.h"

#include <zlib.h>

#include "base/die.h"

/* zlib's words for a gzip header and its usual memory. */
#define WINDOW_BITS (15 + 16)
#define MEMORY      8

int
otlp_pack(struct buf *out, const char *bytes, size_t len)
{
	z_stream z = {0};
	size_t room;
	char *at;

	/* The fastest level leaves a tenth of the bytes; a better one takes
	 * three times as long for a fifth of that. */
	if (deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, WINDOW_BITS, MEMORY,
		Z_DEFAULT_STRATEGY) != Z_OK)
		die("out of memory (zlib)");
	room = deflateBound(&z, len);
	at = buf_reserve(out, room);
	if (at == NULL) {
		deflateEnd(&z);
		return -EMSGSIZE;
	}
	z.next_in = (unsigned char *)bytes;
	z.avail_in = (uInt)len;
	z.next_out = (unsigned char *)at;
	z.avail_out = (uInt)room;
	if (deflate(&z, Z_FINISH) != Z_STREAM_END)
		die("zlib can't compress");
	buf_advance(out, room - z.avail_out);
	deflateEnd(&z);
	return 0;
}
