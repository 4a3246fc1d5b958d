/*
 * Random identifiers, from the kernel. No memory is needed, and nothing fails.
 */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Fills text with length - 1 characters of [0-9a-z] and a NUL. */
void random_name(char *text, size_t length);
/* Are the first `length` characters such? */
bool random_is_name(const char *text, size_t length);
/* Uniform in 0 .. bound - 1. */
uint32_t random_below(uint32_t bound);

#endif
