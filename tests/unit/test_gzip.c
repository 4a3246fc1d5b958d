/* gzip, read back by zlib. */
#include "http/gzip.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "tap.h"

#define TEXT_LEN  300000
#define BYTES_MAX (1024 * 1024)

static char text[TEXT_LEN], again[TEXT_LEN + 1];

static void
is_same(const char *bytes, size_t len, const char *name)
{
	z_stream z = {0};
	struct buf out;

	buf_init(&out, BYTES_MAX);
	gzip_add(&out, bytes, len);
	inflateInit2(&z, MAX_WBITS + 16);
	z.next_in = (unsigned char *)out.data;
	z.avail_in = (uInt)out.len;
	z.next_out = (unsigned char *)again;
	z.avail_out = sizeof again;
	ok(inflate(&z, Z_FINISH) == Z_STREAM_END && z.total_out == len &&
		z.avail_in == 0 && memcmp(again, bytes, len) == 0,
	    "%s", name);
	inflateEnd(&z);
	buf_release(&out);
}

int
main(void)
{
	struct buf out;

	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)(rand() % 256);
	is_same("", 0, "nothing");
	is_same("a word", 6, "a word");
	is_same(text, sizeof text, "more than one piece");
	buf_init(&out, 1000);
	ok(gzip_add(&out, text, sizeof text) == -EMSGSIZE,
	    "more than there is room for");
	buf_release(&out);
	return done_testing();
}
