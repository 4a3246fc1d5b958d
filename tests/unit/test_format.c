/*
 * The tables of members: docs/journal.md names what they have and nothing else,
 * and each row fits its type. A row's place is an offset, which no compiler
 * checks.
 */
#include "journal/members.h"

#include <fcntl.h>
#include <stdlib.h>

#include "base/die.h"
#include "base/file.h"
#include "tap.h"

#define DOCUMENT     "docs/journal.md"
#define DOCUMENT_MAX (1024 * 1024)
#define LETTERS      "abcdefghijklmnopqrstuvwxyz0123456789_"

/* Is there a row of the name, here or in a table within? */
static bool
has_row(const struct field *fields, const char *name)
{
	for (const struct field *f = fields; f->name != NULL; f++)
		if (strcmp(f->name, name) == 0 ||
		    (f->fields != NULL && has_row(f->fields, name)))
			return true;
	return false;
}

/* The next `word` in front of `end`, allocated, and *at behind it; NULL: no
 * more. What is no word, as a file's name, is passed over. */
static char *
next_word(const char **at, const char *end)
{
	for (;;) {
		const char *open = memchr(*at, '`', (size_t)(end - *at));
		const char *close = open != NULL
		    ? memchr(open + 1, '`', (size_t)(end - open - 1))
		    : NULL;

		if (close == NULL)
			return NULL;
		*at = close + 1;
		if (strspn(open + 1, LETTERS) == (size_t)(close - open - 1))
			return xasprintf(
			    "%.*s", (int)(close - open - 1), open + 1);
	}
}

static bool
has_word(const char *begin, const char *end, const char *name)
{
	char *word;
	bool same = false;

	while (!same && (word = next_word(&begin, end)) != NULL) {
		same = strcmp(word, name) == 0;
		free(word);
	}
	return same;
}

static void
test_rows(const char *what, const struct field *fields, const char *begin,
    const char *end)
{
	for (const struct field *f = fields; f->name != NULL; f++) {
		ok(has_word(begin, end, f->name), "%s: %s is described", what,
		    f->name);
		ok(f->size == f->type->size, "%s: %s fits its type", what,
		    f->name);
		if (f->fields != NULL)
			test_rows(what, f->fields, begin, end);
	}
}

/* What stands from `begin` to `end` is about these members. */
static void
test_table(const char *what, const struct field *fields, const char *begin,
    const char *end)
{
	char *word;

	test_rows(what, fields, begin, end);
	while ((word = next_word(&begin, end)) != NULL) {
		/* Of the whole line, not of a struct. */
		ok(strcmp(word, "version") == 0 || has_row(fields, word),
		    "%s: there is %s", what, word);
		free(word);
	}
}

static void
test_entries(const char *document)
{
	for (int i = 0; i < ENTRY_KIND_COUNT; i++) {
		const char *name = entry_formats[i].name;
		char *begin = xasprintf("\n| `%s`", name);
		const char *row = strstr(document, begin);

		if (ok(row != NULL, "%s has a row", name)) {
			row += strlen(begin);
			test_table(name, entry_formats[i].fields, row,
			    row + strcspn(row, "\n"));
		}
		free(begin);
	}
}

static void
test_section(const char *what, const struct field *fields, const char *document,
    const char *title)
{
	const char *begin = strstr(document, title), *end;

	if (!ok(begin != NULL, "%s: there is a section", what))
		return;
	begin += strlen(title);
	end = strstr(begin, "\n## ");
	test_table(
	    what, fields, begin, end != NULL ? end : begin + strlen(begin));
}

int
main(void)
{
	struct err err = ERR_INIT;
	struct buf document;

	buf_init(&document, DOCUMENT_MAX);
	if (ok(file_read_all(AT_FDCWD, DOCUMENT, &document, &err) == 0,
		DOCUMENT " is read (%s)", err.message)) {
		test_entries(document.data);
		test_section(
		    "cursor", cursor_fields, document.data, "\n## Cursors\n");
		test_section(
		    "index", index_fields, document.data, "\n## The index\n");
	}
	buf_release(&document);
	return done_testing();
}
