/*
 * Which characters Python's repr() of a string shows as they are.
 */
#ifndef FORMAT_PRINTABLE_H
#define FORMAT_PRINTABLE_H

#include <stdbool.h>
#include <stdint.h>

/* str.isprintable() of Python 3.11 for one code point. */
bool printable(uint32_t code_point);

#endif
