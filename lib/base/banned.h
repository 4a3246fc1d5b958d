/*
 * Functions that this project does not use: each has a form that can't
 * overflow, lose an error or depend on the locale, or is not in the oldest C
 * library for which itrack is built (glibc 2.28, musl): syscall() has its number,
 * or base/ its work. Included by the compiler
 * for every file (-include); using one is a compile error.
 */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#pragma GCC poison strcpy strcat sprintf vsprintf strtok atoi atol atoll atof
#pragma GCC poison gets localtime gmtime ctime asctime
#pragma GCC poison pidfd_open pidfd_send_signal close_range closefrom scandirat

#endif
