#include "wrap/itrack/page/page.h"

#include "stats/wilson.h"
#include "wrap/itrack/page/html.h"
#include "wrap/itrack/page/style.h"

static void
add_head(const struct page *p, struct buf *out)
{
	/* Whatever a run's text might do, nothing is loaded and nothing runs. */
	buf_adds(out,
	    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
	    "<meta http-equiv=\"Content-Security-Policy\" content=\""
	    "default-src 'none'; style-src 'unsafe-inline'\">"
	    "<meta name=\"viewport\" content=\"width=device-width\">"
	    "<meta name=\"generator\" content=\"itrack " ITRACK_VERSION "\">"
	    "<title>");
	html_cut(out, p->names[0], PAGE_NAME_MAX);
	if (p->len > 1)
		buf_addf(out, " and %zu more", p->len - 1);
	buf_adds(out, ": evaluation report</title>\n<style>\n");
	buf_adds(out, style_sheet);
	buf_adds(out, "</style></head>\n<body>\n");
}

static void
add_tile(const struct page *p, struct buf *out, size_t i)
{
	const struct tally *t = &p->runs[i]->survey.mapping.all;
	struct interval rate = wilson(t->success_count, t->total_count);

	buf_adds(out, "<div class=\"tile\">");
	html_cut(out, p->names[i], PAGE_NAME_MAX);
	buf_adds(out, "<b>");
	html_value(out, RESULT_SUCCESS_RATE,
	    figures_get(&p->figures[i], RESULT_SUCCESS_RATE));
	buf_adds(out, "</b>success of ");
	buf_addf(out, "%ju record%s", (uintmax_t)t->total_count,
	    t->total_count == 1 ? "" : "s");
	if (t->total_count > 0) {
		buf_adds(out, "<br>");
		html_interval(out, RESULT_SUCCESS_RATE, rate.low, rate.high);
	}
	buf_adds(out, "</div>\n");
}

static void
add_header(const struct page *p, struct buf *out)
{
	buf_adds(
	    out, "<header><h1>Evaluation report</h1>\n<div class=\"tiles\">\n");
	for (size_t i = 0; i < p->len; i++)
		add_tile(p, out, i);
	buf_adds(out,
	    "</div>\n<nav aria-label=\"Sections\"><ul>"
	    "<li><a href=\"#runs\">What ran</a></li>"
	    "<li><a href=\"#results\">Results</a></li>");
	if (p->len > 1)
		buf_adds(
		    out, "<li><a href=\"#comparison\">Comparison</a></li>");
	buf_adds(out,
	    "<li><a href=\"#curves\">Curves</a></li>"
	    "<li><a href=\"#slices\">Slices</a></li>"
	    "<li><a href=\"#failures\">Failures</a></li>"
	    "<li><a href=\"#latency\">Latency and usage</a></li>"
	    "</ul></nav></header>\n<main>\n");
}

static void
add_footer(struct buf *out)
{
	buf_adds(out,
	    "</main>\n<footer><p>Intervals hold with 95 %. That of a rate is "
	    "Wilson's, that of a mean is by the bootstrap, that of a "
	    "difference "
	    "of rates is Newcombe's of 1998, method 10, over the pairs. p is "
	    "by "
	    "McNemar's exact test and by sign-flips, over the slices corrected "
	    "by Holm's method. <em>unclear</em>: chance alone may have made "
	    "the "
	    "change. <em>not enough data</em>: so few pairs could not tell any "
	    "change from chance.</p><p>Written by itrack " ITRACK_VERSION
	    ".</p></footer>\n</body></html>\n");
}

int
page_write(const struct page *p, struct buf *out, struct err *err)
{
	int r;

	add_head(p, out);
	add_header(p, out);
	page_runs(p, out);
	page_results(p, out);
	if (p->len > 1)
		page_comparison(p, out);
	page_curves(p, out);
	page_slices(p, out);
	r = page_failures(p, out, err);
	page_latency(p, out);
	add_footer(out);
	return r;
}
