#include "format/crc32c.h"
#include "tap.h"

static void
check(const char *data, size_t len, uint32_t want, const char *name)
{
	is_int(crc32c(0, data, len), want, name);
	is_int(crc32c_portable(0, data, len), want, name);
}

int
main(void)
{
	char bytes[1000];
	uint32_t pieces = 0;

	check("", 0, 0x00000000, "empty");
	check("a", 1, 0xc1d04330, "a");
	check("123456789", 9, 0xe3069283, "123456789");
	memset(bytes, 0, 32);
	check(bytes, 32, 0x8a9136aa, "32 bytes 00");
	memset(bytes, 0xff, 32);
	check(bytes, 32, 0x62a8ab43, "32 bytes ff");
	for (int i = 0; i < 1000; i++)
		bytes[i] = (char)i;
	check(bytes, 32, 0x46dd794e, "bytes 00..1f");
	for (int i = 0; i < 1000; i += 7)
		pieces =
		    crc32c(pieces, bytes + i, i + 7 > 1000 ? 1000u - i : 7);
	is_int(pieces, crc32c_portable(0, bytes, 1000), "in pieces");
	return done_testing();
}
