/*
 * The end of a program that can't go on: a failed allocation, a broken
 * invariant. main sets one hook: before the launch it exits with 125; after the
 * launch the worker's hook reports one line and stops tracking.
 */
#ifndef BASE_DIE_H
#define BASE_DIE_H

#include <stdarg.h>
#include <stddef.h>

/* Must not return. The message has no newline. */
typedef void die_hook(const char *message);

/* Returns the hook that was set before, or NULL. */
die_hook *die_set_hook(die_hook *hook);

_Noreturn void die(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/* Allocation that dies instead of failing. Freed with free(). */
void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xreallocarray(void *old, size_t count, size_t size);
/* The list with room for one more behind `len`; the capacity, 0 at first, doubles. */
void *xgrow(void *list, size_t len, size_t *cap, size_t size);
char *xstrdup(const char *text);
char *xstrndup(const char *text, size_t length);
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *xvasprintf(const char *format, va_list ap)
    __attribute__((format(printf, 1, 0)));

/* Frees a text that nobody may find in memory; NULL: none. */
void xfree_secret(char *text);

#endif
