/*
 * CRC-32C (Castagnoli): reflected polynomial 0x82F63B78, start value and final
 * XOR all ones, as in RFC 3720 and in TensorBoard's records.
 */
#ifndef FORMAT_CRC32C_H
#define FORMAT_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* The CRC of what gave `crc`, followed by data; 0 to begin. By the processor's
 * instruction where it has one. */
uint32_t crc32c(uint32_t crc, const void *data, size_t len);

/* The same by a table, on every processor. */
uint32_t crc32c_portable(uint32_t crc, const void *data, size_t len);

#endif
