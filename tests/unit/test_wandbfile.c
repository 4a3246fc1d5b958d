#include "tracker/wandb/file.h"

#include <string.h>

#include "format/base64.h"
#include "format/pb.h"
#include "tap.h"

#define FILE_MAX (1024 * 1024)
#define CHUNK    7

/* Header, run, history, exit, final and footer, as W&B's own writer puts
 * them. */
static const unsigned char six_records[] = {0x3a, 0x57, 0x26, 0x42, 0xe1, 0xbe,
    0x00, 0x25, 0xed, 0x73, 0x78, 0x0a, 0x00, 0x01, 0x08, 0x01, 0xaa, 0x01,
    0x05, 0x0a, 0x03, 0x0a, 0x01, 0x74, 0xcf, 0xb1, 0x96, 0xca, 0x0d, 0x00,
    0x01, 0x08, 0x02, 0x8a, 0x01, 0x08, 0x0a, 0x03, 0x61, 0x62, 0x63, 0x1a,
    0x01, 0x70, 0x37, 0x58, 0x46, 0x32, 0x1c, 0x00, 0x01, 0x08, 0x03, 0x12,
    0x18, 0x0a, 0x07, 0x12, 0x01, 0x78, 0x82, 0x01, 0x01, 0x31, 0x0a, 0x0b,
    0x12, 0x05, 0x5f, 0x73, 0x74, 0x65, 0x70, 0x82, 0x01, 0x01, 0x30, 0x12,
    0x00, 0xb3, 0x09, 0x12, 0xb0, 0x0a, 0x00, 0x01, 0x08, 0x04, 0x82, 0x01,
    0x02, 0x28, 0x01, 0x92, 0x01, 0x00, 0xba, 0x71, 0xd7, 0xbe, 0x05, 0x00,
    0x01, 0x08, 0x05, 0xa2, 0x01, 0x00, 0x24, 0x7d, 0x44, 0xb0, 0x05, 0x00,
    0x01, 0x08, 0x06, 0xb2, 0x01, 0x00};

static const unsigned char payloads[] = {10, 13, 28, 10, 5, 5};

static void
test_golden(void)
{
	struct buf out;
	size_t i, at = WANDBFILE_HEADER_BYTES;

	buf_init(&out, FILE_MAX);
	wandbfile_header(&out);
	for (i = 0; i < sizeof(payloads); i++) {
		wandbfile_record(&out, (int64_t)out.len,
		    six_records + at + CHUNK, payloads[i]);
		at += CHUNK + payloads[i];
	}
	is_int((long long)out.len, sizeof(six_records), "six records: length");
	ok(memcmp(out.data, six_records, sizeof(six_records)) == 0,
	    "six records: bytes");
	buf_reset(&out);
	wandbfile_record(&out, 100, "", 0);
	ok(out.len == CHUNK &&
		memcmp(out.data, "\x1b\xdf\x05\xa5\0\0\x01", CHUNK) == 0,
	    "an empty record");
	buf_release(&out);
}

/* Reads the chunks back by their lengths and types; returns the payload's
 * length or -1. */
static long
read_back(const struct buf *file, size_t at, const char *want)
{
	size_t len, got = 0;
	int type;
	bool first = true;

	for (;;) {
		size_t room =
		    WANDBFILE_BLOCK_BYTES - at % WANDBFILE_BLOCK_BYTES;

		if (room < CHUNK)
			at += room;
		if (at + CHUNK > file->len)
			return -1;
		len = (unsigned char)file->data[at + 4] |
		    (size_t)(unsigned char)file->data[at + 5] << 8;
		type = file->data[at + 6];
		if (memcmp(file->data + at + CHUNK, want + got, len) != 0 ||
		    (first != (type == 1 || type == 2)) ||
		    at % WANDBFILE_BLOCK_BYTES + CHUNK + len >
			WANDBFILE_BLOCK_BYTES)
			return -1;
		got += len;
		at += CHUNK + len;
		if (type == 1 || type == 4)
			return at == file->len ? (long)got : -1;
		first = false;
	}
}

/* The record before ends `left` bytes before the end of its block. */
static void
test_block_end(size_t left)
{
	static char data[3 * WANDBFILE_BLOCK_BYTES];
	struct buf file;
	size_t at;

	memset(data, 'x', sizeof(data));
	data[0] = 'a';
	buf_init(&file, FILE_MAX);
	wandbfile_header(&file);
	wandbfile_record(&file, (int64_t)file.len, data,
	    WANDBFILE_BLOCK_BYTES - WANDBFILE_HEADER_BYTES - CHUNK - left);
	is_int((long long)file.len, (long long)(WANDBFILE_BLOCK_BYTES - left),
	    "the record before");
	at = file.len;
	wandbfile_record(&file, (int64_t)at, data, 20);
	is_int(read_back(&file, at, data), 20, "a short record behind it");
	if (left == CHUNK)
		ok(memcmp(file.data + at, "\xa1\x8e\x0c\x3c\0\0\x02", CHUNK) ==
			0,
		    "room for a header alone: an empty FIRST chunk");
	buf_truncate(&file, at);
	wandbfile_record(&file, (int64_t)at, data, sizeof(data));
	is_int(read_back(&file, at, data), sizeof(data),
	    "a record over several blocks behind it");
	buf_release(&file);
}

static void
test_base64(void)
{
	static const char *const cases[][2] = {{"", ""}, {"f", "Zg=="},
	    {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="},
	    {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"},
	    {"\xff\xfe\xfd", "//79"}, {"\xfb\xef", "++8="}};
	struct buf out;
	size_t i;

	buf_init(&out, FILE_MAX);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buf_reset(&out);
		base64_add(&out, cases[i][0], strlen(cases[i][0]));
		is_text(out.data, cases[i][1], "base64");
	}
	buf_release(&out);
}

int
main(void)
{
	size_t left;

	test_golden();
	for (left = 0; left <= 14; left++)
		test_block_end(left);
	test_base64();
	return done_testing();
}
