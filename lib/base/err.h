/*
 * Errors as values. A function that can fail returns 0 or a negative errno
 * and fills its last parameter, a struct err, with one line for the user:
 * what, where, and what to do. On success it is untouched.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

/* A message may carry a path (PATH_MAX) in escaped form; longer ones are cut.
 */
#define ERR_MESSAGE_MAX 1024

struct err {
	int code; /* negative errno; 0 while nothing went wrong */
	char message[ERR_MESSAGE_MAX];
};

#define ERR_INIT      \
	{             \
		0, "" \
	}

/* Each returns the code, so that a caller can say `return err_set(...)`.
 * `err` may be NULL: then only the code is returned. */

/* code: a negative errno. */
int err_set(struct err *err, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* As err_set with -errno; ": " and the text of errno follow the message. */
int err_errno(struct err *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Puts a prefix and ": " before the message that `err` has. What both say (the
 * file's name, a path) stands there once. */
int err_prefix(struct err *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
