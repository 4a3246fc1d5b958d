/*
 * Random identifiers from the kernel. These functions need no memory and can't
 * fail.
 */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Fills text with length - 1 characters of [0-9a-z] and a NUL. */
void random_name(char *text, size_t length);
/* Are the first `length` characters all of [0-9a-z]? */
bool random_is_name(const char *text, size_t length);
/* A random number, uniform in 0 .. bound - 1. */
uint32_t random_below(uint32_t bound);

#endif
