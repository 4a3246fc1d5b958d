/*
 * The locale that numbers in files have. The library may be used by a program
 * that has chosen another one, where 1.5 is written "1,5".
 */
#ifndef FORMAT_NUMBER_H
#define FORMAT_NUMBER_H

#include <locale.h>

/* "C", for strtod_l() and uselocale(); never freed. */
locale_t number_locale(void);

#endif
