/* The table of a comparison: a row for the rate and each score, over all pairs and in
 * each slice. */
#include "wrap/itrack/compare/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "format/width.h"
#include "wrap/itrack/grid.h"

#define GREEN "\033[32m"
#define RED   "\033[31m"
#define BOLD  "\033[1m"
#define PLAIN "\033[0m"

enum column { METRIC, N, BASE, NOW, CHANGE, INTERVAL, P, VERDICT, COLUMNS };

struct row {
	char *cells[COLUMNS];
	const char *colour; /* of the verdict; NULL: none */
	char *heading;      /* before the row; NULL: none */
};

struct table {
	struct row *rows;
	size_t len;
};

void
text_add_cut(struct buf *out, const char *text, size_t width)
{
	char *safe = grid_text(text);

	if (text_width(safe) <= width) {
		buf_adds(out, safe);
	} else if (width > 0) {
		buf_add(out, safe, text_fit(safe, width - 1));
		buf_adds(out, "…");
	}
	free(safe);
}

void
text_add_blanks(struct buf *out, size_t count)
{
	for (size_t i = 0; i < count; i++)
		buf_addc(out, ' ');
}

static void
add_coloured(const struct print *p, struct buf *out, const char *colour,
    const char *text)
{
	if (p->colours && colour != NULL)
		buf_addf(out, "%s%s" PLAIN, colour, text);
	else
		buf_adds(out, text);
}

static char *
interval_text(const struct result_row *row)
{
	char *low = print_difference(row->metric, row->low);
	char *high = print_difference(row->metric, row->high);
	char *text =
	    isnan(row->low) ? xstrdup("-") : xasprintf("%s .. %s", low, high);

	free(low);
	free(high);
	return text;
}

static void
add_row(struct table *t, const struct result_row *of, const char *heading)
{
	struct row *row;
	const char *name = of->metric;

	t->rows = xreallocarray(t->rows, t->len + 1, sizeof t->rows[0]);
	row = &t->rows[t->len++];
	if (strncmp(name, RESULT_SCORES, strlen(RESULT_SCORES)) == 0)
		name += strlen(RESULT_SCORES);
	else
		name = "success";
	*row = (struct row){
	    .cells = {[METRIC] = grid_text(name),
		[N] = xasprintf("%zu", of->n),
		[BASE] = print_value(of->metric, of->base),
		[NOW] = print_value(of->metric, of->now),
		[CHANGE] = print_difference(of->metric, of->difference),
		[INTERVAL] = interval_text(of),
		[P] = print_p(of->p_holm),
		[VERDICT] = xstrdup(result_verdict(of))},
	    .heading = heading != NULL ? xstrdup(heading) : NULL,
	    .colour = of->verdict == VERDICT_HIGHER ? GREEN
		: of->verdict == VERDICT_LOWER      ? RED
						    : NULL,
	};
}

/* The metric's column gets what the others leave. */
static void
measure(const struct table *t, size_t width[COLUMNS])
{
	size_t rest = TEXT_WIDTH;

	for (size_t c = 0; c < COLUMNS; c++) {
		width[c] = 0;
		for (size_t i = 0; i < t->len; i++) {
			size_t len = text_width(t->rows[i].cells[c]);

			if (len > width[c])
				width[c] = len;
		}
		if (c != METRIC)
			rest -= width[c] + 1 < rest ? width[c] + 1 : 0;
	}
	if (width[METRIC] > rest)
		width[METRIC] = rest;
}

static void
add_line(const struct print *p, struct buf *out, const struct row *row,
    const size_t width[COLUMNS])
{
	struct buf name;

	buf_init(&name, SIZE_MAX / 2);
	text_add_cut(&name, row->cells[METRIC], width[METRIC]);
	buf_adds(out, name.data);
	text_add_blanks(out, width[METRIC] - text_width(name.data));
	buf_release(&name);
	for (size_t c = METRIC + 1; c < VERDICT; c++) {
		text_add_blanks(out, 1 + width[c] - text_width(row->cells[c]));
		buf_adds(out, row->cells[c]);
	}
	buf_addc(out, ' ');
	add_coloured(p, out, row->colour, row->cells[VERDICT]);
	buf_addc(out, '\n');
}

static void
print_rows(const struct print *p, struct buf *out, struct table *t)
{
	size_t width[COLUMNS];

	measure(t, width);
	for (size_t i = 0; i < t->len; i++) {
		if (t->rows[i].heading != NULL) {
			struct buf heading;

			buf_init(&heading, SIZE_MAX / 2);
			text_add_cut(&heading, t->rows[i].heading, TEXT_WIDTH);
			add_coloured(p, out, BOLD, heading.data);
			buf_addc(out, '\n');
			buf_release(&heading);
		}
		add_line(p, out, &t->rows[i], width);
		for (size_t c = 0; c < COLUMNS; c++)
			free(t->rows[i].cells[c]);
		free(t->rows[i].heading);
	}
	free(t->rows);
}

static bool
says(const struct result *r, enum verdict verdict)
{
	for (size_t i = 0; i < r->row_len; i++) {
		if (r->overall[i].verdict == verdict)
			return true;
		for (size_t k = 0; k < r->slice_len; k++)
			if (r->slices[k].rows[i].verdict == verdict)
				return true;
	}
	return false;
}

/* Explains the verdicts that need it. */
static void
add_legend(struct buf *out, const struct result *r)
{
	if (says(r, VERDICT_UNCLEAR))
		buf_adds(
		    out, "unclear: chance alone may have made the change\n");
	if (says(r, VERDICT_NOT_ENOUGH))
		buf_adds(out,
		    "not enough data: so few pairs could not tell any change "
		    "from chance\n");
}

void
text_add_table(const struct print *p, struct buf *out, const struct result *r)
{
	static const char *const heads[COLUMNS] = {
	    "", "n", "base", "new", "change", "95 % interval", "p", "verdict"};
	struct table t = {0};

	t.rows = xcalloc(1, sizeof t.rows[0]);
	t.len = 1;
	for (size_t c = 0; c < COLUMNS; c++)
		t.rows[0].cells[c] = xstrdup(heads[c]);
	for (size_t i = 0; i < r->row_len; i++)
		add_row(&t, &r->overall[i], i == 0 ? "overall" : NULL);
	for (size_t k = 0; r->slice_len > 1 && k < r->slice_len; k++) {
		char *name = print_slice(r->slices[k].of);

		for (size_t i = 0; i < r->row_len; i++)
			add_row(
			    &t, &r->slices[k].rows[i], i == 0 ? name : NULL);
		free(name);
	}
	print_rows(p, out, &t);
	add_legend(out, r);
}
