#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
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

int
err_prefix(struct err *err, const char *format, ...)
{
	char old[ERR_MESSAGE_MAX];
	size_t used;
	va_list ap;

	if (err == NULL)
		return -EIO;
	memcpy(old, err->message, sizeof old);
	va_start(ap, format);
	vsnprintf(err->message, sizeof err->message, format, ap);
	va_end(ap);
	used = strlen(err->message);
	snprintf(err->message + used, sizeof err->message - used, ": %s", old);
	return err->code;
}
