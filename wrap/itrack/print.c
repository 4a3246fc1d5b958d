#include "wrap/itrack/print.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "format/text.h"

/* The bytes as text; buf_release() ends it. */
static void
to_text(struct buf *text, const char *bytes)
{
	buf_init(text, SIZE_MAX / 2);
	text_from_bytes(text, bytes, strlen(bytes));
}

void
print_escaped(const char *bytes, FILE *file)
{
	struct buf text, safe;

	to_text(&text, bytes);
	buf_init(&safe, SIZE_MAX / 2);
	text_escape(&safe, text.data);
	fputs(safe.data, file);
	buf_release(&text);
	buf_release(&safe);
}

void
print_failure(const char *command, const struct err *err)
{
	char *text = text_path_text(err->message);
	struct buf safe;

	buf_init(&safe, SIZE_MAX / 2);
	text_escape(&safe, text);
	fprintf(stderr, "itrack %s: %s\n", command, safe.data);
	buf_release(&safe);
	free(text);
}

void
print_json_begin(struct jsonwrite *w, struct buf *out)
{
	buf_init(out, SIZE_MAX / 2);
	jsonwrite_init(w, out, JSONWRITE_INDENTED);
	jsonwrite_open(w, '{');
	jsonwrite_int_member(w, "version", PRINTED_VERSION);
}

void
print_json_bytes(struct jsonwrite *w, const char *key, const char *bytes)
{
	struct buf text;

	jsonwrite_key(w, key);
	if (bytes == NULL) {
		jsonwrite_null(w);
		return;
	}
	to_text(&text, bytes);
	jsonwrite_text(w, text.data);
	buf_release(&text);
}

void
print_json_end(struct jsonwrite *w, struct buf *out)
{
	jsonwrite_close(w, '}');
	buf_addc(out, '\n');
	fwrite(out->data, 1, out->len, stdout);
	buf_release(out);
}
