/* One hash of bytes, FNV-1a with 64 bits: it tells things apart that nobody makes
 * alike on purpose, and keeps no secret. Names on disk depend on it, so it stays as
 * it is. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t hash_bytes(const char *bytes, size_t len);

#endif
