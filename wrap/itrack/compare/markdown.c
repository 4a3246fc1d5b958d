/* A comparison as Markdown, for the summary of a CI job or a pull request. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "format/text.h"
#include "wrap/itrack/compare/print.h"
#include "wrap/itrack/grid.h"

/* Of a prompt or answer so many characters are shown; the JSON has all. */
#define SHOWN_TEXT 400

/* A text in a line or a cell: what Markdown or HTML would read as more than text is
 * escaped. */
static void
add_safe(struct buf *out, const char *text)
{
	char *safe = grid_text(text);
	size_t count = 0;

	for (const char *at = safe; *at != '\0';) {
		const char *from = at;

		if (count++ == SHOWN_TEXT) {
			buf_adds(out, "…");
			break;
		}
		text_next(&at);
		if (*from == '<')
			buf_adds(out, "&lt;");
		else if (*from == '&')
			buf_adds(out, "&amp;");
		else if (strchr("\\`*_{}[]()#+!|>~@:", *from) != NULL)
			buf_addf(out, "\\%c", *from);
		else
			buf_add(out, from, (size_t)(at - from));
	}
	free(safe);
}

static void
add_owned(struct buf *out, char *text)
{
	add_safe(out, text);
	free(text);
}

static void
add_row(struct buf *out, const char *where, const struct result_row *row)
{
	char *low = print_difference(row->metric, row->low);
	char *high = print_difference(row->metric, row->high);

	buf_adds(out, "| ");
	add_safe(out, where);
	buf_adds(out, " | ");
	add_safe(out, row->metric);
	buf_addf(out, " | %zu | ", row->n);
	add_owned(out, print_value(row->metric, row->base));
	buf_adds(out, " | ");
	add_owned(out, print_value(row->metric, row->now));
	buf_adds(out, " | ");
	add_owned(out, print_difference(row->metric, row->difference));
	if (isnan(row->low))
		buf_adds(out, " | -");
	else
		buf_addf(out, " | %s to %s", low, high);
	buf_adds(out, " | ");
	add_owned(out, print_p(row->p_holm));
	buf_addf(out, " | %s%s%s |\n",
	    row->verdict >= VERDICT_HIGHER ? "**" : "", result_verdict(row),
	    row->verdict >= VERDICT_HIGHER ? "**" : "");
	free(low);
	free(high);
}

static void
add_table(struct buf *out, const struct result *r)
{
	buf_adds(out,
	    "| slice | metric | n | base | new | change | 95 % interval | p | "
	    "verdict |\n"
	    "| --- | --- | --: | --: | --: | --: | --- | --: | --- |\n");
	for (size_t i = 0; i < r->row_len; i++)
		add_row(out, "overall", &r->overall[i]);
	for (size_t k = 0; r->slice_len > 1 && k < r->slice_len; k++) {
		char *name = print_slice(r->slices[k].of);

		for (size_t i = 0; i < r->row_len; i++)
			add_row(out, name, &r->slices[k].rows[i]);
		free(name);
	}
	buf_addc(out, '\n');
}

static void
add_text(struct buf *out, const char *label, const char *text)
{
	if (text == NULL)
		return;
	buf_addf(out, "  - %s: ", label);
	add_safe(out, text);
	buf_addc(out, '\n');
}

static void
add_change(struct buf *out, const struct print *p, const struct print_change *c)
{
	buf_adds(out, "- ");
	add_safe(out, c->pair->base->example);
	buf_adds(out, " (");
	add_owned(out, print_slice(c->slice));
	buf_adds(out, "): ");
	add_safe(out, c->pair->base->status);
	buf_adds(out, " → ");
	add_safe(out, c->pair->now->status);
	buf_addc(out, '\n');
	if (!p->texts)
		return;
	add_text(out, "input", c->texts.input);
	add_text(out, "base", c->base_texts.output);
	add_text(out, "base, error", c->base_texts.error);
	add_text(out, "new", c->texts.output);
	add_text(out, "new, error", c->texts.error);
}

static void
add_changes(struct buf *out, const struct print *p, const struct print_one *one)
{
	size_t won = one->change_len - one->lost;

	buf_addf(out, "%zu fail now, %zu succeed now.\n\n", one->lost, won);
	for (size_t i = 0; i < one->change_len && i < PRINT_LIST_MAX; i++)
		add_change(out, p, &one->changes[i]);
	if (one->change_len > PRINT_LIST_MAX)
		buf_addf(out, "- and %zu more (`--format json` has all)\n",
		    one->change_len - PRINT_LIST_MAX);
	if (one->change_len > 0)
		buf_addc(out, '\n');
}

static void
add_why(struct buf *out, const char *side, const char *why)
{
	if (why == NULL)
		return;
	buf_addf(out, "Configuration, %s: ", side);
	add_safe(out, why);
	buf_adds(out, "\n\n");
}

static void
add_settings(
    struct buf *out, const struct print_one *one, const struct run *base)
{
	const struct settings *s = &one->settings;

	add_why(out, "base", base->config_why);
	add_why(out, "new", one->run->config_why);
	if (s->known && s->len == 0)
		buf_adds(out, "The configurations do not differ.\n\n");
	if (s->len == 0)
		return;
	buf_adds(out, "| configuration | base | new |\n| --- | --- | --- |\n");
	for (size_t i = 0; i < s->len; i++) {
		buf_adds(out, "| ");
		add_safe(out, s->list[i].name);
		buf_adds(out, " | ");
		add_safe(out, s->list[i].base != NULL ? s->list[i].base : "");
		buf_adds(out, " | ");
		add_safe(out, s->list[i].now != NULL ? s->list[i].now : "");
		buf_adds(out, " |\n");
	}
	buf_addc(out, '\n');
}

static void
add_figures(struct buf *out, const struct print *p, const struct print_one *one)
{
	const struct figures *base = &p->base_figures, *now = &one->figures;
	const char *name;

	buf_adds(out, "| value | base | new |\n| --- | --: | --: |\n");
	for (size_t i = 0; (name = figures_either(base, now, i)) != NULL; i++) {
		buf_adds(out, "| ");
		add_safe(out, name);
		buf_adds(out, " | ");
		add_owned(out, print_value(name, figures_get(base, name)));
		buf_adds(out, " | ");
		add_owned(out, print_value(name, figures_get(now, name)));
		buf_adds(out, " |\n");
	}
	buf_addc(out, '\n');
}

static void
add_rules(struct buf *out, const struct rules *rules)
{
	for (size_t i = 0; i < rules->outcome_len; i++) {
		const struct rule_outcome *o = &rules->outcomes[i];

		buf_adds(out, "- ");
		add_safe(out, o->text);
		buf_addf(out, ": %s\n",
		    o->state == RULE_BROKEN     ? "**holds**"
			: o->state == RULE_KEPT ? "does not hold"
						: "**can't be judged**");
	}
	if (rules->outcome_len > 0)
		buf_addc(out, '\n');
}

void
print_markdown(const struct print *p, struct buf *out)
{
	for (size_t i = 0; i < p->len; i++) {
		const struct print_one *one = &p->list[i];

		buf_adds(out, "### ");
		add_owned(out, print_name(one->run));
		buf_adds(out, " against ");
		add_owned(out, print_name(p->base));
		buf_adds(out, "\n\n");
		print_matching(&one->result.match, out);
		buf_adds(out, ".\n\n");
		add_table(out, &one->result);
		add_changes(out, p, one);
		add_figures(out, p, one);
		add_settings(out, one, p->base);
	}
	add_rules(out, p->rules);
}
