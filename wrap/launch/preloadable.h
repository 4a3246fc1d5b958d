/*
 * Decides whether a program can take our preload library: not one for
 * another C library or machine, nor one with a sanitizer. The check reads
 * the program's header only, and accepts a program that it can't judge.
 */
#ifndef LAUNCH_PRELOADABLE_H
#define LAUNCH_PRELOADABLE_H

#include <stdbool.h>

/* False where the loader would complain on standard error or the program would
 * refuse to run: another class or machine than ours, another loader (musl), or
 * a shared AddressSanitizer, which must be the first library. `command` is
 * looked up in PATH if it has no slash. */
bool preloadable_command(const char *command);

#endif
