#include "format/base64.h"

#include <stdint.h>

void
base64_add(struct buf *out, const void *data, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *at = data;
	char four[4];
	uint32_t bits;
	size_t i, n;

	for (i = 0; i < len; i += 3) {
		n = len - i < 3 ? len - i : 3;
		bits = (uint32_t)at[i] << 16;
		if (n > 1)
			bits |= (uint32_t)at[i + 1] << 8;
		if (n > 2)
			bits |= at[i + 2];
		four[0] = digits[bits >> 18 & 63];
		four[1] = digits[bits >> 12 & 63];
		four[2] = n > 1 ? digits[bits >> 6 & 63] : '=';
		four[3] = n > 2 ? digits[bits & 63] : '=';
		buf_add(out, four, sizeof(four));
	}
}
