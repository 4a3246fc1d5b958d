/*
 * Numbers in files. Their locale: the library may be used by a program that
 * has chosen another one, where 1.5 is written "1,5".
 */
#ifndef FORMAT_NUMBER_H
#define FORMAT_NUMBER_H

#include <locale.h>
#include <stdbool.h>
#include <stdint.h>

/* UINT64_MAX has so many digits. */
#define NUMBER_DIGITS_MAX 20

/* "C", for strtod_l() and uselocale(); never freed. */
locale_t number_locale(void);

/* Writes the decimal digits of `value` so that the last one stands before
 * `end`, without a NUL; returns the first one's place. */
char *number_digits(char *end, uint64_t value);

/* A number as somebody types it: as Python's float() reads it, but no blanks
 * and no underscores. Beyond a double it is infinite. False: it is none. */
bool number_parse(const char *text, double *value);

#endif
