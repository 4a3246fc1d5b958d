/* The other runs beside the first: differences with intervals and verdicts, what the
 * configurations differ in, and which records changed sides. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "wrap/itrack/compare/print.h"
#include "wrap/itrack/compare/settings.h"
#include "wrap/itrack/page/html.h"
#include "wrap/itrack/page/page.h"
#include "wrap/itrack/page/svg.h"

/* All lists of changed records together have about so many bytes. */
#define CHANGES_BYTES ((size_t)200 * 1024)
/* So many slices of a run have rows; `itrack compare` has all. */
#define SLICES_MAX 100
#define VALUE_MAX  200

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const heads[] = {"metric", ">pairs", ">first", ">this",
    ">change", "95 % interval", ">p", "verdict"};

/* A row that names the slice of those that follow. */
static void
add_group(struct buf *out, const char *name)
{
	buf_addf(out,
	    "</tbody><tbody><tr><th scope=\"rowgroup\" class=\"group\" "
	    "colspan=\"%zu\">",
	    COUNT(heads));
	html_cut(out, name, PAGE_NAME_MAX);
	buf_adds(out, "</th></tr>\n");
}

static void
add_row(struct buf *out, const struct result_row *row, double most)
{
	buf_adds(out, "<tr>");
	html_head(out,
	    strcmp(row->metric, RESULT_SUCCESS_RATE) == 0
		? "success rate"
		: row->metric + strlen(RESULT_SCORES));
	html_count(out, row->n);
	buf_adds(out, "<td class=\"n\">");
	html_value(out, row->metric, row->base);
	buf_adds(out, "</td><td class=\"n\">");
	html_value(out, row->metric, row->now);
	buf_adds(out, "</td><td class=\"n\">");
	if (isnan(row->difference))
		buf_adds(out, "–");
	else
		html_owned(out, print_difference(row->metric, row->difference));
	buf_adds(out, "</td><td class=\"i\">");
	svg_interval(out, row->difference, row->low, row->high, most);
	if (!isnan(row->low)) {
		buf_adds(out, " <small>");
		html_owned(out, print_difference(row->metric, row->low));
		buf_adds(out, " to ");
		html_owned(out, print_difference(row->metric, row->high));
		buf_adds(out, "</small>");
	}
	buf_adds(out, "</td><td class=\"n\">");
	if (isnan(row->p_holm))
		buf_adds(out, "–");
	else
		html_owned(out, print_p(row->p_holm));
	buf_addf(out, "</td><td class=\"%s\">%s</td></tr>\n",
	    row->verdict >= VERDICT_HIGHER ? result_verdict(row) : "soft",
	    result_verdict(row));
}

/* The largest distance from zero in the rows of a metric. */
static double
most_of(const struct result *r, size_t i)
{
	double most = 0;

	most = fmax(fabs(r->overall[i].low), fabs(r->overall[i].high));
	for (size_t k = 0; k < r->slice_len && k < SLICES_MAX; k++) {
		const struct result_row *row = &r->slices[k].rows[i];

		most = fmax(most, fmax(fabs(row->low), fabs(row->high)));
	}
	return most;
}

static void
add_table(struct buf *out, const struct result *r)
{
	html_table(out, "Change against the first run", heads, COUNT(heads));
	add_group(out, "overall");
	for (size_t i = 0; i < r->row_len; i++)
		add_row(out, &r->overall[i], most_of(r, i));
	for (size_t k = 0;
	     r->slice_len > 1 && k < r->slice_len && k < SLICES_MAX; k++) {
		char *name = print_slice(r->slices[k].of);

		add_group(out, name);
		for (size_t i = 0; i < r->row_len; i++)
			add_row(out, &r->slices[k].rows[i], most_of(r, i));
		free(name);
	}
	html_table_end(out);
	if (r->slice_len > SLICES_MAX)
		buf_addf(out,
		    "<p>%zu more slices are not shown; <code>itrack "
		    "compare</code> has all.</p>\n",
		    r->slice_len - SLICES_MAX);
}

static void
add_settings(struct buf *out, const struct result *r)
{
	static const char *const columns[] = {"configuration", "first", "this"};
	struct settings s;

	settings_compare(&s, r->base, r->now);
	if (s.len > 0) {
		html_table(out, "What differs in the configuration", columns,
		    COUNT(columns));
		for (size_t i = 0; i < s.len; i++) {
			const struct setting *at = &s.list[i];

			buf_adds(out, "<tr>");
			html_head(out, at->name);
			buf_adds(out, "<td>");
			html_cut(
			    out, at->base != NULL ? at->base : "–", VALUE_MAX);
			buf_adds(out, "</td><td>");
			html_cut(
			    out, at->now != NULL ? at->now : "–", VALUE_MAX);
			buf_adds(out, "</td></tr>\n");
		}
		html_table_end(out);
	} else if (s.known) {
		buf_adds(out, "<p>The configurations do not differ.</p>\n");
	}
	settings_release(&s);
}

/* Those that changed to one side. */
static void
add_changes(struct buf *out, const struct result *r, int side, size_t room)
{
	const char *change = side < 0 ? "fail now" : "succeed now";
	size_t count = 0, shown = 0, from = out->len;

	for (size_t k = 0; k < r->match.len; k++)
		for (size_t i = 0; i < r->match.slices[k].len; i++)
			count +=
			    result_change(&r->match.slices[k].pairs[i]) == side;
	if (count == 0) {
		buf_addf(out, "<p>0 %s</p>\n", change);
		return;
	}
	buf_addf(out, "<details%s><summary>%zu %s</summary><p>",
	    count <= 20 ? " open" : "", count, change);
	for (size_t k = 0; k < r->match.len; k++)
		for (size_t i = 0; i < r->match.slices[k].len; i++) {
			const struct match_pair *pair =
			    &r->match.slices[k].pairs[i];

			if (result_change(pair) != side ||
			    out->len - from > room)
				continue;
			buf_adds(out, shown++ > 0 ? ", <code>" : "<code>");
			html_cut(out, pair->base->example, PAGE_NAME_MAX);
			buf_adds(out, "</code>");
		}
	if (shown < count)
		buf_addf(out,
		    " and %zu more; <code>itrack compare</code> has all",
		    count - shown);
	buf_adds(out, "</p></details>\n");
}

void
page_comparison(const struct page *p, struct buf *out)
{
	size_t room = CHANGES_BYTES / (2 * (p->len - 1));

	buf_adds(out,
	    "<section id=\"comparison\"><h2>Comparison with the first run"
	    "</h2>\n");
	for (size_t i = 1; i < p->len; i++) {
		const struct result *r = &p->results[i - 1];

		buf_adds(out, "<h3>");
		html_cut(out, p->names[i], PAGE_NAME_MAX);
		buf_adds(out, " against ");
		html_cut(out, p->names[0], PAGE_NAME_MAX);
		buf_adds(out, "</h3>\n<p class=\"soft\">");
		print_matching(&r->match, out);
		buf_adds(out, ".</p>\n");
		add_table(out, r);
		add_changes(out, r, -1, room);
		add_changes(out, r, 1, room);
		add_settings(out, r);
	}
	buf_adds(out, "</section>\n");
}
