/*
 * CRC-32C (Castagnoli): reflected polynomial 0x82F63B78, start value and final
 * XOR all ones, as in RFC 3720 and in TensorBoard's records.
 */
#ifndef FORMAT_CRC32C_H
#define FORMAT_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* The CRC of the bytes that gave `crc`, followed by data; begin with 0. Uses
 * the processor's instruction where there is one. */
uint32_t crc32c(uint32_t crc, const void *data, size_t len);

/* The same computed with a table, for every processor. */
uint32_t crc32c_portable(uint32_t crc, const void *data, size_t len);

#endif
