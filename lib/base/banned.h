/*
 * Functions that this project does not use: each has a form that can't
 * overflow, lose an error or depend on the locale. Included by the compiler
 * for every file (-include); using one is a compile error.
 */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#pragma GCC poison strcpy strcat sprintf vsprintf strtok atoi atol atoll atof
#pragma GCC poison gets localtime gmtime ctime asctime

#endif
