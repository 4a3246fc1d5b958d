#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

int
err_set(struct err *err, int code, const char *format, ...)
{
	va_list ap;

	if (err == NULL)
		return code;
	err->code = code;
	va_start(ap, format);
	vsnprintf(err->message, sizeof err->message, format, ap);
	va_end(ap);
	return code;
}

int
err_errno(struct err *err, const char *format, ...)
{
	int code = -errno;
	size_t used;
	va_list ap;

	if (err == NULL)
		return code;
	err->code = code;
	va_start(ap, format);
	vsnprintf(err->message, sizeof err->message, format, ap);
	va_end(ap);
	used = strlen(err->message);
	snprintf(err->message + used, sizeof err->message - used, ": %s",
	    strerror(-code));
	return code;
}

/* How much of the front of `message` says nothing that `prefix` does not say: the
 * prefix itself, or the last name of the path that it is. */
static size_t
said_already(const char *message, const char *prefix)
{
	const char *slash = strrchr(prefix, '/');
	const char *names[] = {prefix, slash != NULL ? slash + 1 : prefix};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		size_t len = strlen(names[i]);

		if (len > 0 && strncmp(message, names[i], len) == 0 &&
		    strncmp(message + len, ": ", 2) == 0)
			return len + 2;
	}
	return 0;
}

/* Does the message begin with a path that ends with the prefix, or with one below
 * it? */
static bool
says_more(const char *message, const char *prefix)
{
	size_t len = strlen(prefix), path = strcspn(message, ":");

	if (len == 0 || message[0] != '/')
		return false;
	if (strncmp(message, prefix, len) == 0 && message[len] == '/')
		return true;
	return path > len && message[path - len - 1] == '/' &&
	    strncmp(message + path - len, prefix, len) == 0;
}

int
err_prefix(struct err *err, const char *format, ...)
{
	char old[ERR_MESSAGE_MAX], prefix[ERR_MESSAGE_MAX];
	va_list ap;

	if (err == NULL)
		return -EIO;
	va_start(ap, format);
	vsnprintf(prefix, sizeof prefix, format, ap);
	va_end(ap);
	if (says_more(err->message, prefix))
		return err->code;
	memcpy(old, err->message, sizeof old);
	strlcpy(err->message, prefix, sizeof err->message);
	strlcat(err->message, ": ", sizeof err->message);
	strlcat(
	    err->message, old + said_already(old, prefix), sizeof err->message);
	return err->code;
}
