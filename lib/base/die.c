#include "base/die.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The first capacity of a list that grows. */
#define CAP_FIRST 16

static die_hook *hook;

die_hook *
die_set_hook(die_hook *new_hook)
{
	die_hook *before = hook;

	hook = new_hook;
	return before;
}

void
die(const char *format, ...)
{
	char message[512];
	va_list ap;

	va_start(ap, format);
	vsnprintf(message, sizeof message, format, ap);
	va_end(ap);
	if (hook != NULL)
		hook(message);
	dprintf(STDERR_FILENO, "itrack: %s\n", message);
	_exit(125);
}

void *
xmalloc(size_t size)
{
	void *p = malloc(size == 0 ? 1 : size);

	if (p == NULL)
		die("out of memory (%zu bytes)", size);
	return p;
}

void *
xcalloc(size_t count, size_t size)
{
	void *p = calloc(count == 0 ? 1 : count, size == 0 ? 1 : size);

	if (p == NULL)
		die("out of memory (%zu times %zu bytes)", count, size);
	return p;
}

void *
xreallocarray(void *old, size_t count, size_t size)
{
	void *p;

	if (size != 0 && count > SIZE_MAX / size)
		die("out of memory (%zu times %zu bytes)", count, size);
	p = realloc(old, count * size == 0 ? 1 : count * size);
	if (p == NULL)
		die("out of memory (%zu times %zu bytes)", count, size);
	return p;
}

void *
xgrow(void *list, size_t len, size_t *cap, size_t size)
{
	if (len < *cap)
		return list;
	*cap = *cap > 0 ? 2 * *cap : CAP_FIRST;
	return xreallocarray(list, *cap, size);
}

char *
xstrdup(const char *text)
{
	return xstrndup(text, strlen(text));
}

char *
xstrndup(const char *text, size_t length)
{
	size_t n = strnlen(text, length);
	char *copy = xmalloc(n + 1);

	memcpy(copy, text, n);
	copy[n] = '\0';
	return copy;
}

char *
xvasprintf(const char *format, va_list ap)
{
	char *text;

	if (vasprintf(&text, format, ap) < 0)
		die("out of memory");
	return text;
}

char *
xasprintf(const char *format, ...)
{
	va_list ap;
	char *text;

	va_start(ap, format);
	text = xvasprintf(format, ap);
	va_end(ap);
	return text;
}

void
xfree_secret(char *text)
{
	if (text != NULL)
		explicit_bzero(text, strlen(text));
	free(text);
}
