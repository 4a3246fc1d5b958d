/*
 * Paths as text: pure functions. Results are allocated, the caller frees.
 */
#ifndef BASE_PATH_H
#define BASE_PATH_H

#include <stdbool.h>

/* dir + "/" + name; name alone when it is absolute. */
char *path_join(const char *dir, const char *name);

/* Absolute without resolving anything: cwd + "/" + path. `.` and `..` and
 * symbolic links stay, as insideLLMs leaves them; slashes at the end go. */
char *path_absolute(const char *path);

/* The part before the last slash ("/" for "/a", "." for "a"). */
char *path_parent(const char *path);

/* The part behind the last slash, inside `path`. */
const char *path_base(const char *path);

/* Text of any kind as one component of a path: injective and readable.
 * `/`, `%`, NUL, control characters, DEL become %XX; a component that would be
 * empty, `.` or `..` gets its first dot (or nothing) as %2E (or "%"). One of
 * more than 200 bytes is cut and gets a digest of the whole behind "%~". */
char *path_encode(const char *text);

#endif
