/*
 * Reads and writes numbers in files, in a fixed locale. They need a fixed
 * locale, because a program that uses the library may have chosen one in
 * which 1.5 is written "1,5".
 */
#ifndef FORMAT_NUMBER_H
#define FORMAT_NUMBER_H

#include <locale.h>
#include <stdbool.h>
#include <stdint.h>

/* UINT64_MAX has so many digits. */
#define NUMBER_DIGITS_MAX 20

/* The locale "C", for strtod_l() and uselocale(); never freed. */
locale_t number_locale(void);

/* Writes the decimal digits of `value` so that the last one stands before
 * `end`, without a NUL; returns the first one's place. */
char *number_digits(char *end, uint64_t value);

/* Reads a number as a user types it: as Python's float() does, but without
 * blanks and underscores. A number too large for a double becomes infinite.
 * False: the text is no number. */
bool number_parse(const char *text, double *value);

#endif
