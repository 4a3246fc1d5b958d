#include "format/pb.h"

#include <string.h>

#include "tap.h"

/* The examples of the format's own documentation, and what protoc's writers
 * give for the rest. */

#define MESSAGE_MAX 100000

static void
is_bytes(struct buf *out, const char *want, size_t len, const char *name)
{
	size_t i;

	if (!ok(out->len == len && memcmp(out->data, want, len) == 0, "%s",
		name)) {
		printf("# got");
		for (i = 0; i < out->len && i < 64; i++)
			printf(" %02x", (unsigned char)out->data[i]);
		printf("\n");
	}
	buf_reset(out);
}

#define IS_BYTES(out, literal, name) \
	is_bytes(out, literal, sizeof(literal) - 1, name)

static void
test_scalars(struct buf *out)
{
	static const double values[] = {1.0, -2.5};

	pb_varint(out, 1, 150);
	IS_BYTES(out, "\x08\x96\x01", "varint 150");
	pb_varint(out, 1, 0);
	IS_BYTES(out, "\x08\x00", "zero is written");
	pb_varint(out, 1, 127);
	IS_BYTES(out, "\x08\x7f", "one byte");
	pb_varint(out, 1, 128);
	IS_BYTES(out, "\x08\x80\x01", "two bytes");
	pb_varint(out, 1, (uint64_t)-2);
	IS_BYTES(out, "\x08\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01",
	    "negative: ten bytes");
	pb_varint(out, 199, 1);
	IS_BYTES(out, "\xb8\x0c\x01", "field 199");
	pb_varint(out, 536870911, 1);
	IS_BYTES(out, "\xf8\xff\xff\xff\x0f\x01", "the largest field");
	pb_text(out, 2, "testing");
	IS_BYTES(out, "\x12\x07testing", "text");
	pb_bytes(out, 2, "a\0b", 3);
	IS_BYTES(out,
	    "\x12\x03"
	    "a\0b",
	    "bytes with a zero");
	pb_bytes(out, 2, NULL, 0);
	IS_BYTES(out, "\x12\x00", "no bytes");
	pb_double(out, 1, 1.0);
	IS_BYTES(out, "\x09\0\0\0\0\0\0\xf0\x3f", "double");
	pb_float(out, 1, 1.0f);
	IS_BYTES(out, "\x0d\0\0\x80\x3f", "float");
	pb_fixed32(out, 3, 0x01020304);
	IS_BYTES(out, "\x1d\x04\x03\x02\x01", "fixed32");
	pb_fixed64(out, 3, 0x0102030405060708);
	IS_BYTES(out, "\x19\x08\x07\x06\x05\x04\x03\x02\x01", "fixed64");
	pb_doubles(out, 6, values, 2);
	IS_BYTES(out, "\x32\x10\0\0\0\0\0\0\xf0\x3f\0\0\0\0\0\0\x04\xc0",
	    "packed doubles");
	pb_doubles(out, 6, values, 0);
	IS_BYTES(out, "", "no doubles: nothing");
}

static void
test_nested(struct buf *out)
{
	char text[301];
	size_t a, b;

	a = pb_begin(out, 3);
	pb_varint(out, 1, 150);
	pb_end(out, a);
	IS_BYTES(out, "\x1a\x03\x08\x96\x01", "nested");

	a = pb_begin(out, 1);
	pb_end(out, a);
	IS_BYTES(out, "\x0a\x00", "nested and empty");

	memset(text, 'x', 300);
	text[300] = '\0';
	a = pb_begin(out, 1);
	b = pb_begin(out, 2);
	pb_text(out, 3, text);
	pb_end(out, b);
	pb_varint(out, 4, 5);
	pb_end(out, a);
	is_int((long long)out->len, 311, "two levels of 300 bytes");
	ok(memcmp(out->data, "\x0a\xb4\x02\x12\xaf\x02\x1a\xac\x02xxx", 12) ==
		0,
	    "their lengths");
	ok(memcmp(out->data + 308, "x\x20\x05", 3) == 0, "their end");
	buf_reset(out);
}

static void
test_overflow(void)
{
	struct buf out;
	size_t a;

	buf_init(&out, 8);
	a = pb_begin(&out, 1);
	pb_text(&out, 1, "123456789");
	pb_end(&out, a);
	ok(buf_overflowed(&out), "overflow is remembered");
	buf_reset(&out);
	a = pb_begin(&out, 1);
	pb_text(&out, 1, "12345");
	pb_end(&out, a);
	ok(buf_overflowed(&out), "no room for the length");
	buf_release(&out);
}

int
main(void)
{
	struct buf out;

	buf_init(&out, MESSAGE_MAX);
	test_scalars(&out);
	test_nested(&out);
	test_overflow();
	buf_release(&out);
	return done_testing();
}
