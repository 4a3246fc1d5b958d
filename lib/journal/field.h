/*
 * The members of the lines in our own files (private): entries of the journal,
 * cursors, lines of the index. A table has a row for each member of an object,
 * with its place in the struct. The object is written, read and released by the
 * table, so that a member is added in one place.
 *
 *	#define AT(member) FIELD_AT(struct entry, member)
 *	static const struct field fields[] = {
 *	    {"path", REQUIRED, &field_text, AT(artifact.path),
 *		.form = &form_path},
 *	    {"mtime_ns", ALWAYS, &field_int, AT(artifact.mtime_ns)},
 *	    {.name = NULL},
 *	};
 *
 * Members are written in the table's order. They are read in any order, and in
 * the table's most quickly. A value that can't be used is refused when it is
 * read, before anybody makes a path, an index or a sum of it.
 */
#ifndef JOURNAL_FIELD_H
#define JOURNAL_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "format/jsonscan.h"
#include "format/jsonwrite.h"

struct field;

/* The functions of a type are given the whole struct. */
struct field_type {
	size_t size; /* of what stands at the row's place */
	/* Reads the next value. -EBADMSG: `err` says what is wrong with it,
	 * unless the scanner has an error of its own. */
	int (*take)(const struct field *f, void *object, struct jsonscan *s,
	    struct err *err);
	void (*put)(
	    const struct field *f, const void *object, struct jsonwrite *w);
	/* Has the member no value? NULL: it always has one. */
	bool (*is_none)(const struct field *f, const void *object);
	void (*release)(
	    const struct field *f, void *object); /* NULL: nothing */
};

enum field_presence {
	OPTIONAL, /* left out where it has no value */
	ALWAYS,   /* written always; a line without it is read */
	REQUIRED, /* written always; a line without it is refused */
};

/* The form that a text must have to be taken. */
struct field_form {
	bool (*is)(const char *text);
	const char *wrong; /* says what a text of another form is */
};

struct field_range {
	int64_t min, max;
};

struct field {
	const char *name; /* NULL: behind the last row */
	enum field_presence presence;
	const struct field_type *type;
	size_t at, size; /* FIELD_AT() */
	/* Of a list: the place of its length, a size_t. */
	size_t len_at;
	/* Of a text, or of each text of pairs; NULL: any text. */
	const struct field_form *form;
	/* Of an integer; NULL: any. `none` is the one that means no value. */
	const struct field_range *range;
	int64_t none;
	/* Of a word: all words, up to NULL; the value is an enum's. */
	const char *const *words;
	/* Of a list of objects: their members, and the size of one. */
	const struct field *fields;
	size_t item_size;
};

#define FIELD_AT(type, member) \
	.at = offsetof(type, member), .size = sizeof(((type *)NULL)->member)

/* A text (format/text.h) or NULL, which is null. It has no NUL, whatever the
 * JSON has. */
extern const struct field_type field_text;
extern const struct field_type field_bool;
extern const struct field_type field_int; /* int64_t or uint64_t */
extern const struct field_type field_word;
/* A number, or one of the three quoted ones. */
extern const struct field_type field_double;
/* Lists. Their items are added to those of an earlier member of the same
 * name. */
extern const struct field_type field_texts;
extern const struct field_type field_pairs; /* an object of texts */
extern const struct field_type field_objects;
/* A list of numbers, which replaces that of an earlier member. The lists of
 * rows that share the place of their length must be equally long. */
extern const struct field_type field_doubles;

/* A list of integers in the row's range, which replaces that of an earlier
 * member. */
extern const struct field_type field_ints;

/* A text that names a file: bytes of a path, so no U+0000. */
extern const struct field_form form_path;
/* A path that starts with "/", so that it leads to the same file from
 * everywhere. */
extern const struct field_form form_absolute_path;
extern const struct field_form form_attempt;
extern const struct field_form form_tracker;
/* kept.<n>, a file beside the journal. */
extern const struct field_form form_kept;
/* Can the text name a file? */
bool field_is_path(const char *text);

/* No negative number: a length, a number of things, a process's start. */
extern const struct field_range range_count;
extern const struct field_range range_crc32c;

/* Gives the members of a zeroed object the values that mean "no value". */
void fields_init(const struct field *fields, void *object);
/* Reads the members of the object that the scanner has entered, to its end.
 * Members without a row are skipped, because a newer writer may add some.
 * -EBADMSG: `err` names the member that can't be used or is missing; or
 * s->error is set, and `err` says nothing of use. The caller releases the
 * object in any case. */
int fields_take(const struct field *fields, void *object, struct jsonscan *s,
    struct err *err);
/* Writes the members into the object that is open. */
void fields_put(
    const struct field *fields, const void *object, struct jsonwrite *w);
void fields_release(const struct field *fields, void *object);

/* The rest is for the types of fields. These give what stands at a row's place,
 * and how long its list is. */
static inline void *
field_place(const struct field *f, void *object)
{
	return (char *)object + f->at;
}

static inline const void *
field_const_place(const struct field *f, const void *object)
{
	return (const char *)object + f->at;
}

static inline size_t
field_len(const struct field *f, const void *object)
{
	const void *len = (const char *)object + f->len_at;

	return *(const size_t *)len;
}

/* For texts and for lists of any items. */
void *field_pointer(const struct field *f, const void *object);
bool field_is_null(const struct field *f, const void *object);
void field_free(const struct field *f, void *object);
/* Has the text its form? */
int field_check_form(const struct field *f, const char *text, struct err *err);
/* Returns -EBADMSG and says in `err` what is wrong. */
int field_refuse(struct err *err, const char *wrong);
/* Enters the list or the object that comes next. */
int field_enter(struct jsonscan *s, char bracket, struct err *err);
/* Reads a number, quoted or not. Returns 0 or -EINVAL. */
int field_number(const struct json_span *value, double *number);

#endif
