/* What ran: the runs, and their configurations. */
#include <stdlib.h>
#include <string.h>

#include "format/text.h"
#include "wrap/itrack/compare/print.h"
#include "wrap/itrack/page/html.h"
#include "wrap/itrack/page/page.h"

/* Values of the configuration are cut behind so many characters. */
#define VALUE_MAX 200

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The distinct models, or probes, of the experiments that count. */
static void
add_names(struct buf *out, const struct mapping *m, bool models)
{
	const size_t shown_max = 12;
	size_t shown = 0, more = 0;

	for (size_t i = 0; i < m->live_len; i++) {
		const struct experiment *x = mapping_experiment(m, i), *y;
		const char *name = models ? x->model_name : x->probe_name;
		bool known = false;

		for (size_t k = 0; k < i && k < 500 && !known; k++) {
			y = mapping_experiment(m, k);
			known =
			    strcmp(name,
				models ? y->model_name : y->probe_name) == 0;
		}
		if (known)
			continue;
		if (shown == shown_max) {
			more++;
			continue;
		}
		buf_adds(out, shown++ > 0 ? ", " : "");
		html_cut(out, name, PAGE_NAME_MAX);
	}
	if (more > 0)
		buf_addf(out, " and %zu more", more);
}

static void
add_run(const struct page *p, struct buf *out, size_t i)
{
	const struct run *run = p->runs[i];
	const struct mapping *m = &run->survey.mapping;

	buf_adds(out, "<tr>");
	html_head(out, p->names[i]);
	buf_adds(out, "<td>");
	html_cut(out, survey_run_id(&run->survey), PAGE_NAME_MAX);
	buf_adds(out, "</td><td>");
	add_names(out, m, true);
	buf_adds(out, "</td><td>");
	add_names(out, m, false);
	buf_adds(out, "</td>");
	html_count(out, (size_t)m->record_count);
	buf_addf(out, "<td>%s</td><td>",
	    run->survey.manifest.there ? "yes" : "no: there is no manifest");
	html_owned(out, print_name(run));
	buf_adds(out, "</td></tr>\n");
}

static void
add_defects(const struct page *p, struct buf *out)
{
	for (size_t i = 0; i < p->len; i++) {
		const struct survey *s = &p->runs[i]->survey;

		if (s->mapping.malformed_lines == 0 && s->torn_bytes == 0)
			continue;
		buf_adds(out, "<p>");
		html_cut(out, p->names[i], PAGE_NAME_MAX);
		buf_addf(out,
		    ": %ju malformed lines and %ju bytes behind the last "
		    "newline are not counted.</p>\n",
		    (uintmax_t)s->mapping.malformed_lines,
		    (uintmax_t)s->torn_bytes);
	}
}

static void
add_why(const struct page *p, struct buf *out)
{
	for (size_t i = 0; i < p->len; i++) {
		if (p->runs[i]->config_why == NULL)
			continue;
		buf_adds(out, "<p>");
		html_cut(out, p->names[i], PAGE_NAME_MAX);
		buf_adds(out, ": ");
		html_text(out, p->runs[i]->config_why);
		buf_adds(out, "</p>\n");
	}
}

static void
add_config(const struct page *p, struct buf *out)
{
	static const char *const heads[] = {"name", "value"};
	const struct entry_params *params = &p->runs[0]->config.params;

	if (params->len == 0)
		return;
	buf_addf(out, "<details><summary>Configuration of ");
	html_cut(out, p->names[0], PAGE_NAME_MAX);
	buf_adds(out, "</summary>");
	html_table(out, "Configuration of the first run", heads, COUNT(heads));
	for (size_t i = 0; i < params->len; i++) {
		struct buf value;

		buf_init(&value, SIZE_MAX / 2);
		value_text(&params->list[i].value, &value);
		buf_adds(out, "<tr><th scope=\"row\">");
		html_cut(
		    out, strchr(params->list[i].name, '.') + 1, PAGE_NAME_MAX);
		buf_adds(out, "</th><td>");
		html_cut(out, value.data, VALUE_MAX);
		buf_adds(out, "</td></tr>\n");
		buf_release(&value);
	}
	html_table_end(out);
	buf_adds(out, "</details>\n");
}

void
page_runs(const struct page *p, struct buf *out)
{
	static const char *const heads[] = {"run", "run ID", "models", "probes",
	    ">records", "complete", "directory"};

	buf_adds(out, "<section id=\"runs\"><h2>What ran</h2>\n");
	html_table(out, "Runs", heads, COUNT(heads));
	for (size_t i = 0; i < p->len; i++)
		add_run(p, out, i);
	html_table_end(out);
	add_defects(p, out);
	add_config(p, out);
	add_why(p, out);
	buf_adds(out, "</section>\n");
}
