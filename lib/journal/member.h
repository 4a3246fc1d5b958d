/*
 * Members of our own files' lines (private): each taker looks if the member has
 * its name, takes the value, and says what is wrong with it. So what can't be
 * used is refused where it is read, before anybody makes a path, an index or a
 * sum of it.
 *
 *	struct member m = {.wrong = NULL};
 *	... m.key, m.value from the scanner ...
 *	take_path(&m, "run_dir", &start->run_dir) || take_int(...) || ...;
 *	if (m.wrong != NULL) ...
 *
 * True: the member has that name. Texts are allocated and replace what is
 *there; null is none.
 */
#ifndef JOURNAL_MEMBER_H
#define JOURNAL_MEMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "format/jsonscan.h"
#include "journal/entry.h"

struct member {
	struct json_span key, value;
	const char *wrong; /* NULL: nothing */
};

bool member_is(const struct member *m, const char *name);
/* Gives every member of the object to `take`, until something is wrong: then
 * -EBADMSG, and which. */
int member_each(const struct json_span *object,
    void (*take)(struct member *m, void *data), void *data, struct err *err);
/* The same for the err of a caller that goes through them itself. */
int member_refuse(const struct member *m, struct err *err);
/* An object of texts. */
bool take_pairs(
    struct member *m, const char *name, struct pair **list, size_t *len);
/* The text form has no NUL (format/text.h), whatever the JSON has. */
bool take_text(struct member *m, const char *name, char **field);
/* Can the text name a file? */
bool member_is_path(const char *text);
/* A text that names a file: bytes of a path, so no U+0000. */
bool take_path(struct member *m, const char *name, char **field);
bool take_attempt(struct member *m, const char *name, char **field);
/* kept.<n>, a file beside the journal. */
bool take_kept(struct member *m, const char *name, char **field);
bool take_bool(struct member *m, const char *name, bool *field);
/* From `min` to `max`. */
bool take_int(struct member *m, const char *name, int64_t min, int64_t max,
    int64_t *field);
/* Not negative: a length, a number of things, a process's start. */
bool take_count(struct member *m, const char *name, int64_t *field);
bool take_any_int(struct member *m, const char *name, int64_t *field);
/* One of `words`: *field is its place in the list. */
bool take_word(struct member *m, const char *name, const char *const *words,
    int count, int *field);
/* A number, or one of the three quoted ones. */
bool take_double(struct member *m, const char *name, double *field);
/* The same of a value: 0 or -EINVAL. */
int member_number(const struct json_span *value, double *number);
/* Opens the list or the object that the member is; false: it is none. */
bool member_enter(struct member *m, struct jsonscan *s, char bracket);
/* The list is longer by what stands there. */
bool take_texts(struct member *m, const char *name, char ***list, size_t *len);
/* *list is another one, of *len numbers. */
bool take_doubles(
    struct member *m, const char *name, double **list, size_t *len);

#endif
