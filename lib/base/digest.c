#include "base/digest.h"

#include <inttypes.h>

#include "base/die.h"

/* Two FNV-1a digests with different beginnings: no secret, no adversary. */
char *
digest_hex(const char *text)
{
	uint64_t a = 14695981039346656037u, b = 1099511628211u;

	for (const char *p = text; *p != '\0'; p++) {
		a = (a ^ (unsigned char)*p) * 1099511628211u;
		b = (b ^ (unsigned char)*p) * 14695981039346656037u;
		b ^= a >> 29;
	}
	return xasprintf("%016" PRIx64 "%016" PRIx64, a, b);
}
