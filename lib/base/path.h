/*
 * Paths as text: pure functions, but for path_real(); among them path_encode(),
 * which makes one name of a file of any text, however long it is and whatever
 * it holds. Results are allocated, the caller frees.
 */
#ifndef BASE_PATH_H
#define BASE_PATH_H

#include <stdbool.h>

#include "base/err.h"

/* dir + "/" + name; name alone when it is absolute or dir is empty. */
char *path_join(const char *dir, const char *name);

/* Makes `path` absolute without resolving anything: cwd + "/" + path. `.`, `..`
 * and symbolic links stay, as insideLLMs leaves them; slashes at the end are
 * removed. NULL, with errno set, if there is no working directory. */
char *path_absolute(const char *path);

/* Makes `path` absolute and resolves its symbolic links as far as it exists;
 * the part that does not exist yet follows unchanged. NULL: it could not be
 * looked at, `err` says why. */
char *path_real(const char *path, struct err *err);

/* The part before the last slash ("/" for "/a", "." for "a"). */
char *path_parent(const char *path);

/* The part behind the last slash, inside `path`. */
const char *path_base(const char *path);

/*
 * A text (format/text.h) as one component of a path: readable, valid UTF-8,
 * and no two texts give the same.
 *
 * Characters stand for themselves, but for the following ones, of which every
 * byte becomes %XX (two upper case hexadecimal digits): `/`, `%`, control
 * characters (U+0001 .. U+001F, U+007F .. U+009F), lone surrogates, and bytes
 * that are no text. U+0000 becomes %00. The whole text "" becomes "%", "."
 * becomes "%2E", ".." becomes "%2E.". A result of more than 200 bytes is cut,
 * between two characters, to at most 182, and gets "%~" and 16 hexadecimal
 * digits of a digest (FNV-1a) of the whole text; such texts differ as far as
 * their digests do. Upper and lower case are kept, so the file system has to
 * tell them apart.
 */
char *path_encode(const char *text);

/* The text of which path_encode() made this component. NULL: it can't be told,
 * because it was cut, or it is not one of these. */
char *path_decode(const char *component);

#endif
