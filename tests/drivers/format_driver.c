/*
 * Runs the pure formats over standard input, a line at a time, for
 * tests/differential/format.py to compare with Python:
 *
 *	json   "-" if rejected, else "+", the value written again, and str(),
 *	       bool(), float() of it, with tabs between
 *	iso    the microseconds of fromisoformat(), or "-"; the line is a JSON
 *	       string
 *	float  repr() of the double that the line is
 *	indent the line again, as json.dump(indent=2) writes it; the line is
 *	       JSON
 *	text   the line as text, and what comes of it on the ways out
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "format/isotime.h"
#include "format/jsonscan.h"
#include "format/jsonwrite.h"
#include "format/text.h"
#include "rebuild.h"

#define OUTPUT_MAX ((size_t)1 << 30)

static void
add_pystr(struct buf *out, const struct json_span *value)
{
	struct buf text;

	buf_init(&text, OUTPUT_MAX);
	json_pystr(value, &text);
	jsonwrite_literal(out, text.data);
	buf_release(&text);
}

static void
run_json(const char *line, size_t len, struct buf *out)
{
	struct jsonscan s, whole;
	struct jsonwrite w;
	struct json_span value;
	char text[PYFLOAT_SIZE] = "-";
	double number;
	bool good;

	buf_addc(out, '+');
	jsonscan_init(&s, line, len);
	jsonwrite_init(&w, out, JSONWRITE_COMPACT);
	w.nonfinite = JSONWRITE_BARE;
	rebuild(&s, &w);
	good = jsonscan_end(&s) == 0;
	jsonscan_init(&whole, line, len);
	if ((jsonscan_value(&whole, &value) == 0 &&
		jsonscan_end(&whole) == 0) != good)
		die("the two ways through a value differ: %.*s", (int)len,
		    line);
	if (!good) {
		buf_reset(out);
		buf_addc(out, '-');
		return;
	}
	buf_addc(out, '\t');
	add_pystr(out, &value);
	if (json_double(&value, &number) == 0)
		pyfloat_repr(text, number);
	buf_addf(out, "\t%d\t%s", json_truth(&value), text);
}

static void
run_indent(const char *line, size_t len, struct buf *out)
{
	struct jsonscan s;
	struct jsonwrite w;

	jsonscan_init(&s, line, len);
	jsonwrite_init(&w, out, JSONWRITE_INDENTED);
	w.nonfinite = JSONWRITE_BARE;
	rebuild(&s, &w);
	if (jsonscan_end(&s) < 0)
		die("not JSON: %s", line);
}

static void
run_iso(const char *line, size_t len, struct buf *out)
{
	struct jsonscan s;
	struct json_span span;
	struct buf text;
	int64_t us;

	buf_init(&text, OUTPUT_MAX);
	jsonscan_init(&s, line, len);
	if (jsonscan_value(&s, &span) < 0 || json_text(&span, &text) < 0)
		die("not a string: %s", line);
	if (isotime_parse(text.data, text.len, &us) == 0)
		buf_addf(out, "%" PRId64, us);
	else
		buf_addc(out, '-');
	buf_release(&text);
}

static void
run_float(const char *line, size_t len, struct buf *out)
{
	char text[PYFLOAT_SIZE];

	(void)len;
	pyfloat_repr(text, strtod(line, NULL));
	buf_adds(out, text);
}

static void
run_text(const char *line, size_t len, struct buf *out)
{
	struct buf text, other;

	buf_init(&text, OUTPUT_MAX);
	buf_init(&other, OUTPUT_MAX);
	text_from_bytes(&text, line, len);
	jsonwrite_literal(out, text.data);
	buf_addf(out, "\t%zu\t", text_length(text.data));
	buf_reset(&text);
	text_from_path(&text, line);
	jsonwrite_literal(out, text.data);
	if (text_to_path(&other, text.data) < 0 ||
	    strcmp(other.data, line) != 0)
		die("the path does not come back: %s", line);
	buf_release(&text);
	buf_release(&other);
}

static const struct {
	const char *name;
	void (*run)(const char *, size_t, struct buf *);
} modes[] = {
    {"json", run_json},
    {"indent", run_indent},
    {"iso", run_iso},
    {"float", run_float},
    {"text", run_text},
};

int
main(int argc, char **argv)
{
	void (*run)(const char *, size_t, struct buf *) = NULL;
	struct buf out;
	char *line = NULL;
	size_t size = 0, i;
	ssize_t len;

	for (i = 0; argc == 2 && i < sizeof modes / sizeof *modes; i++)
		if (strcmp(argv[1], modes[i].name) == 0)
			run = modes[i].run;
	if (run == NULL)
		die("usage: format_driver MODE <lines");
	buf_init(&out, OUTPUT_MAX);
	while ((len = getline(&line, &size, stdin)) >= 0) {
		if (len > 0 && line[len - 1] == '\n')
			line[--len] = '\0';
		buf_reset(&out);
		run(line, (size_t)len, &out);
		printf("%s\n", out.data);
	}
	buf_release(&out);
	free(line);
	return 0;
}
