/* What failed: how many by status and error type, and which records. */
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "wrap/itrack/page/html.h"
#include "wrap/itrack/page/page.h"

/* The lists of all runs together have about so many bytes: a page for 10,000
 * records stays below 2 MB. */
#define LIST_BYTES ((size_t)1000 * 1024)
/* Of a prompt or answer so many characters are shown. */
#define SHOWN_TEXT 1000
/* Texts are read of so many records, which is as many as can be shown. */
#define TEXTS_MAX 500
/* A list of so many is open; one of more than PRINT_MAX stays folded on paper. */
#define OPEN_MAX  20
#define PRINT_MAX 200
/* So many kinds of failure have a row. */
#define KINDS_MAX 100

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Records with one status and error type. */
struct kind {
	const char *status, *error_type;
	size_t count;
};

struct kinds {
	struct kind list[KINDS_MAX];
	size_t len, beyond;
};

static void
count(struct kinds *kinds, const struct run_case *c)
{
	struct kind *k = kinds->list, *end = k + kinds->len;

	while (k < end &&
	    (strcmp(k->status, c->status) != 0 ||
		strcmp(k->error_type, c->error_type) != 0))
		k++;
	if (k == end && kinds->len == KINDS_MAX) {
		kinds->beyond++;
		return;
	}
	if (k == end) {
		*k = (struct kind){c->status, c->error_type, 0};
		kinds->len++;
	}
	k->count++;
}

static int
compare_kinds(const void *a, const void *b)
{
	const struct kind *x = a, *y = b;

	return (x->count < y->count) - (x->count > y->count);
}

static void
add_kinds(struct buf *out, struct kinds *kinds)
{
	static const char *const heads[] = {"status", "error type", ">records"};

	qsort(kinds->list, kinds->len, sizeof kinds->list[0], compare_kinds);
	html_table(out, "Failures by kind", heads, COUNT(heads));
	for (size_t i = 0; i < kinds->len; i++) {
		buf_adds(out, "<tr><th scope=\"row\">");
		html_cut(out, kinds->list[i].status, PAGE_NAME_MAX);
		buf_adds(out, "</th><td>");
		html_cut(out, kinds->list[i].error_type, PAGE_NAME_MAX);
		buf_adds(out, "</td>");
		html_count(out, kinds->list[i].count);
		buf_adds(out, "</tr>\n");
	}
	html_table_end(out);
	if (kinds->beyond > 0)
		buf_addf(out, "<p>%zu more are of other kinds.</p>\n",
		    kinds->beyond);
}

static void
add_text(struct buf *out, const char *label, const char *text)
{
	if (text == NULL)
		return;
	buf_addf(out, "<div>%s</div><pre>", label);
	html_cut(out, text, SHOWN_TEXT);
	buf_adds(out, "</pre>");
}

static void
add_record(
    struct buf *out, const struct run_case *c, const struct run_texts *texts)
{
	buf_adds(out, "<tr><th scope=\"row\">");
	html_cut(out, c->example, PAGE_NAME_MAX);
	buf_adds(out, "</th><td>");
	if (run_case_counts(c)) {
		html_cut(out, c->experiment->model_name, PAGE_NAME_MAX);
		buf_adds(out, " / ");
		html_cut(out, c->experiment->probe_name, PAGE_NAME_MAX);
	}
	buf_adds(out, "</td><td>");
	html_cut(out, c->status, PAGE_NAME_MAX);
	buf_adds(out, "</td><td>");
	html_cut(out, c->error_type, PAGE_NAME_MAX);
	if (texts != NULL) {
		add_text(out, "input", texts->input);
		add_text(out, "output", texts->output);
		add_text(out, "error", texts->error);
	}
	buf_adds(out, "</td></tr>\n");
}

static void
add_list(struct buf *out, const struct run_case *const *cases, size_t len,
    const struct run_texts *texts, size_t room)
{
	static const char *const heads[] = {
	    "example", "slice", "status", "error type"};
	size_t from = out->len, i = 0;

	buf_addf(out, "<details%s><summary>The records that failed</summary>",
	    len <= OPEN_MAX        ? " open"
		: len <= PRINT_MAX ? ""
				   : " class=\"long\"");
	html_table(out, "Records that failed", heads, COUNT(heads));
	while (i < len && (texts == NULL || i < TEXTS_MAX) &&
	    out->len - from < room) {
		add_record(out, cases[i], texts != NULL ? &texts[i] : NULL);
		i++;
	}
	html_table_end(out);
	if (i < len)
		buf_addf(out, "<p>%zu more are not shown.</p>\n", len - i);
	buf_adds(out, "</details>\n");
}

static int
add_run(const struct page *p, struct buf *out, const struct run *run,
    struct err *err)
{
	const struct run_case **cases =
	    xcalloc(run->len + 1, sizeof(const struct run_case *));
	struct kinds kinds = {.len = 0};
	struct run_texts *texts = NULL;
	size_t len = 0, read;
	int r = 0;

	for (size_t i = 0; i < run->len; i++)
		if (!run->cases[i].success) {
			cases[len++] = &run->cases[i];
			count(&kinds, &run->cases[i]);
		}
	read = len < TEXTS_MAX ? len : TEXTS_MAX;
	if (p->texts && len > 0) {
		texts = xcalloc(read, sizeof texts[0]);
		r = run_read_texts(run, cases, read, texts, err);
	}
	if (len == 0)
		buf_adds(out, "<p>No record failed.</p>\n");
	if (len > 0 && r == 0) {
		add_kinds(out, &kinds);
		add_list(out, cases, len, texts, LIST_BYTES / p->len);
	}
	for (size_t i = 0; texts != NULL && i < read; i++)
		run_texts_release(&texts[i]);
	free(texts);
	free(cases);
	return r;
}

int
page_failures(const struct page *p, struct buf *out, struct err *err)
{
	int r = 0;

	buf_adds(out, "<section id=\"failures\"><h2>Failures</h2>\n");
	for (size_t i = 0; i < p->len && r == 0; i++) {
		if (p->len > 1) {
			buf_adds(out, "<h3>");
			html_cut(out, p->names[i], PAGE_NAME_MAX);
			buf_adds(out, "</h3>\n");
		}
		r = add_run(p, out, p->runs[i], err);
	}
	buf_adds(out, "</section>\n");
	return r;
}
