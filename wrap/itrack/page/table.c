/* Tables with a column for each run, and which scores have a row or a column. */
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "wrap/itrack/page/html.h"
#include "wrap/itrack/page/page.h"

/* So many runs have room for wide columns. */
#define WIDE_RUNS_MAX 4

void
page_table(const struct page *p, struct buf *out, const char *caption,
    const char *head)
{
	html_table_begin(out, caption, p->len > WIDE_RUNS_MAX);
	html_column(out, head, false);
	for (size_t i = 0; i < p->len; i++)
		html_column(out, p->names[i], false);
	html_table_rows(out);
}

void
page_row(const struct page *p, struct buf *out, const char *label,
    const char *metric, const struct interval *intervals)
{
	buf_adds(out, "<tr>");
	html_head(out, label);
	for (size_t i = 0; i < p->len; i++) {
		buf_adds(out, "<td>");
		html_value(out, metric, figures_get(&p->figures[i], metric));
		if (intervals != NULL)
			html_interval(
			    out, metric, intervals[i].low, intervals[i].high);
		buf_adds(out, "</td>");
	}
	buf_adds(out, "</tr>\n");
}

static bool
is_known(const struct page_scores *scores, const char *name)
{
	for (size_t i = 0; i < scores->len; i++)
		if (strcmp(scores->list[i], name) == 0)
			return true;
	return false;
}

struct page_scores
page_scores(const struct page *p)
{
	struct page_scores s = {0};

	for (size_t i = 0; i < p->len; i++)
		for (size_t k = 0; k < p->figures[i].len; k++) {
			const char *name = p->figures[i].list[k].name;

			if (strncmp(name, RESULT_SCORES,
				strlen(RESULT_SCORES)) != 0 ||
			    is_known(&s, name))
				continue;
			s.list =
			    xreallocarray(s.list, s.len + 1, sizeof s.list[0]);
			s.list[s.len++] = xstrdup(name);
		}
	return s;
}

void
page_scores_release(struct page_scores *scores)
{
	for (size_t i = 0; i < scores->len; i++)
		free(scores->list[i]);
	free(scores->list);
}
