/*
 * Makes params of the configurations on standard input, for
 * tests/differential/config.py to compare with Python. A line is a document as a
 * JSON string; for each comes the PARAMS entry, or "-" and why there is none,
 * then a tab and what was left out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/die.h"
#include "format/jsonscan.h"
#include "format/text.h"
#include "watcher/config_params.h"

#define LINE_MAX_BYTES ((size_t)1 << 24)

static void
run(const char *line, size_t len)
{
	struct json_span span;
	struct buf document, left_out, out;
	struct err err = ERR_INIT;
	struct entry e;
	char *text;

	if (jsonscan_whole(line, len, &span) < 0)
		die("no JSON: %.*s", (int)len, line);
	text = json_text_new(&span);
	buf_init(&document, LINE_MAX_BYTES);
	buf_adds(&document, "");
	text_to_utf8(&document, text);
	free(text);
	buf_init(&left_out, CONFIG_LEFT_OUT_MAX);
	buf_adds(&left_out, "");
	buf_init(&out, LINE_MAX_BYTES);
	entry_init(&e, ENTRY_PARAMS, 0);
	if (config_params(&e, document.data, document.len, &left_out, &err) < 0)
		buf_addf(&out, "-%s\n", err.message);
	else
		entry_encode(&e, &out);
	buf_truncate(&out, out.len - 1);
	printf("%s\t%s\n", out.data, left_out.data);
	entry_release(&e);
	buf_release(&document);
	buf_release(&left_out);
	buf_release(&out);
}

int
main(void)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t len;

	while ((len = getline(&line, &cap, stdin)) > 0)
		run(line, (size_t)len - (line[len - 1] == '\n'));
	free(line);
	return 0;
}
