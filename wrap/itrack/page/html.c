#include "wrap/itrack/page/html.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "format/jsonwrite.h"
#include "format/text.h"
#include "wrap/itrack/compare/print.h"
#include "wrap/itrack/grid.h"

static void
add_character(struct buf *out, const char *from, size_t len)
{
	switch (*from) {
	case '<':
		buf_adds(out, "&lt;");
		break;
	case '>':
		buf_adds(out, "&gt;");
		break;
	case '&':
		buf_adds(out, "&amp;");
		break;
	case '"':
		buf_adds(out, "&quot;");
		break;
	case '\'':
		buf_adds(out, "&#39;");
		break;
	default:
		buf_add(out, from, len);
	}
}

void
html_cut(struct buf *out, const char *text, size_t most)
{
	char *safe = grid_text(text);
	size_t count = 0;

	for (const char *at = safe; *at != '\0';) {
		const char *from = at;

		text_next(&at);
		if (++count == most && *at != '\0') {
			buf_adds(out, "…");
			break;
		}
		add_character(out, from, (size_t)(at - from));
	}
	free(safe);
}

void
html_text(struct buf *out, const char *text)
{
	html_cut(out, text, SIZE_MAX);
}

void
html_owned(struct buf *out, char *text)
{
	html_text(out, text);
	free(text);
}

void
html_value(struct buf *out, const char *metric, double value)
{
	char exact[PYFLOAT_SIZE];

	if (isnan(value)) {
		buf_adds(out, "–");
		return;
	}
	pyfloat_repr(exact, value);
	buf_addf(out, "<data value=\"%s\">", exact);
	html_owned(out, print_value(metric, value));
	buf_adds(out, "</data>");
}

void
html_interval(struct buf *out, const char *metric, double low, double high)
{
	if (isnan(low) || isnan(high))
		return;
	buf_adds(out, " <small>");
	html_owned(out, print_value(metric, low));
	buf_adds(out, " to ");
	html_owned(out, print_value(metric, high));
	buf_adds(out, "</small>");
}

void
html_head(struct buf *out, const char *text)
{
	buf_adds(out, "<th scope=\"row\">");
	html_cut(out, text, PAGE_NAME_MAX);
	buf_adds(out, "</th>");
}

void
html_count(struct buf *out, size_t count)
{
	buf_addf(out, "<td class=\"n\">%zu</td>", count);
}

void
html_table_begin(struct buf *out, const char *caption, bool many)
{
	/* What scrolls must be reached by the keyboard, too. */
	buf_addf(out,
	    "<div class=\"wide%s\" role=\"group\" tabindex=\"0\" "
	    "aria-label=\"%s\"><table><caption>%s</caption><thead><tr>",
	    many ? " many" : "", caption, caption);
}

void
html_column(struct buf *out, const char *head, bool number)
{
	buf_addf(out, "<th scope=\"col\"%s>", number ? " class=\"n\"" : "");
	html_cut(out, head, PAGE_NAME_MAX);
	buf_adds(out, "</th>");
}

void
html_table_rows(struct buf *out)
{
	buf_adds(out, "</tr></thead><tbody>\n");
}

void
html_table(
    struct buf *out, const char *caption, const char *const *heads, size_t len)
{
	html_table_begin(out, caption, false);
	for (size_t i = 0; i < len; i++)
		html_column(
		    out, heads[i] + (heads[i][0] == '>'), heads[i][0] == '>');
	html_table_rows(out);
}

void
html_table_end(struct buf *out)
{
	buf_adds(out, "</tbody></table></div>\n");
}
