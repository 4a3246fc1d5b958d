/* A comparison for a terminal or a log: 80 columns, colours where they are wanted. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "format/width.h"
#include "wrap/itrack/compare/curve.h"
#include "wrap/itrack/compare/text.h"
#include "wrap/itrack/grid.h"

#define LABEL 16 /* what stands before the colon of a paragraph */
#define SPARK 30
/* Of a prompt or answer so many characters are shown; the JSON has all. */
#define SHOWN_TEXT 400

/* A paragraph: its label, then words that are wrapped behind it. */
struct paragraph {
	struct buf *out;
	size_t at;
};

static struct paragraph
begin(struct buf *out, const char *label)
{
	size_t len = text_width(label);

	buf_adds(out, label);
	text_add_blanks(out, len < LABEL ? LABEL - len : 1);
	return (struct paragraph){out, len < LABEL ? LABEL : len + 1};
}

static void
next_line(struct paragraph *g)
{
	buf_addc(g->out, '\n');
	text_add_blanks(g->out, LABEL);
	g->at = LABEL;
}

/* A word that is longer than a line goes on in the next one: Japanese has no
 * blanks. */
static void
add_word(struct paragraph *g, const char *word)
{
	char *safe = grid_text(word);
	size_t len = text_width(safe), fit;

	if (g->at > LABEL && g->at + 1 + len > TEXT_WIDTH) {
		next_line(g);
	} else if (g->at > LABEL) {
		buf_addc(g->out, ' ');
		g->at++;
	}
	for (const char *rest = safe; *rest != '\0'; rest += fit) {
		if (rest > safe)
			next_line(g);
		fit = text_fit(rest, TEXT_WIDTH - LABEL);
		buf_add(g->out, rest, fit);
		g->at += text_width(rest) - text_width(rest + fit);
	}
	free(safe);
}

/* A sentence, word by word. */
static void
add_sentence(struct buf *out, const char *label, const char *sentence)
{
	struct paragraph g = begin(out, label);
	char *copy = xstrdup(sentence), *rest = copy, *word;

	while ((word = strsep(&rest, " ")) != NULL)
		if (word[0] != '\0')
			add_word(&g, word);
	buf_addc(out, '\n');
	free(copy);
}

static void
add_run(struct buf *out, const char *label, const struct run *run)
{
	char *name = print_name(run), *shown;

	shown = xasprintf("%s, %ju record%s", name,
	    (uintmax_t)run->survey.mapping.record_count,
	    run->survey.mapping.record_count == 1 ? "" : "s");
	add_sentence(out, label, shown);
	free(shown);
	free(name);
}

static void
add_curves(struct buf *out, const struct print *p, const struct run *run)
{
	struct curve base, now;
	char *a, *b;

	curve_make(&base, p->base, RESULT_SUCCESS_RATE, SPARK);
	curve_make(&now, run, RESULT_SUCCESS_RATE, SPARK);
	a = curve_sparkline(&base, 0, 1);
	b = curve_sparkline(&now, 0, 1);
	buf_addf(out, "%-*s%s\n", LABEL, "curve, base", a[0] != '\0' ? a : "-");
	buf_addf(out, "%-*s%s\n", LABEL, "curve, new", b[0] != '\0' ? b : "-");
	free(a);
	free(b);
	curve_release(&base);
	curve_release(&now);
}

static void
add_settings(
    struct buf *out, const struct print_one *one, const struct run *base)
{
	const struct settings *s = &one->settings;

	if (base->config_why != NULL)
		add_sentence(out, "config, base", base->config_why);
	if (one->run->config_why != NULL)
		add_sentence(out, "config, new", one->run->config_why);
	if (s->known && s->len == 0)
		add_sentence(out, "config", "no difference");
	for (size_t i = 0; i < s->len; i++) {
		char *line = xasprintf("%s: %s -> %s", s->list[i].name,
		    s->list[i].base != NULL ? s->list[i].base : "(none)",
		    s->list[i].now != NULL ? s->list[i].now : "(none)");

		add_sentence(out, i == 0 ? "config" : "", line);
		free(line);
	}
}

static void
add_figures(struct buf *out, const struct print *p, const struct print_one *one)
{
	const struct figures *base = &p->base_figures, *now = &one->figures;
	struct paragraph g = begin(out, "values");
	const char *name;
	bool any = false;

	for (size_t i = 0; (name = figures_either(base, now, i)) != NULL; i++) {
		char *was, *is, *word;

		if (strncmp(name, "usage/", 6) != 0 &&
		    strncmp(name, "latency", 7) != 0)
			continue;
		was = print_value(name, figures_get(base, name));
		is = print_value(name, figures_get(now, name));
		word =
		    xasprintf("%s%s %s -> %s", any ? "| " : "", name, was, is);
		add_word(&g, word);
		any = true;
		free(word);
		free(was);
		free(is);
	}
	if (!any)
		add_word(&g, "no latencies or tokens in the records");
	buf_addc(out, '\n');
}

/* The IDs of those that changed to one side. */
static void
add_ids(struct buf *out, const struct print_one *one, bool lost)
{
	size_t from = lost ? 0 : one->lost;
	size_t end = lost ? one->lost : one->change_len;
	char *label =
	    xasprintf("%s %zu", lost ? "fail now" : "succeed now", end - from);
	struct paragraph g = begin(out, label);
	const struct match_slice *slice = NULL;

	free(label);
	for (size_t i = from; i < end && i < from + PRINT_LIST_MAX; i++) {
		const struct print_change *c = &one->changes[i];
		char *name = print_slice(c->slice), *word;

		if (c->slice != slice && one->result.slice_len > 1) {
			word = xasprintf("[%s]", name);
			add_word(&g, word);
			free(word);
		}
		slice = c->slice;
		add_word(&g, c->pair->base->example);
		free(name);
	}
	if (from == end)
		add_word(&g, "none");
	if (end - from > PRINT_LIST_MAX) {
		char *more = xasprintf("and %zu more (--format json has all)",
		    end - from - PRINT_LIST_MAX);

		add_word(&g, more);
		free(more);
	}
	buf_addc(out, '\n');
}

static void
add_text(struct buf *out, const char *label, const char *text)
{
	struct buf cut;

	if (text == NULL)
		return;
	buf_init(&cut, SIZE_MAX / 2);
	text_add_cut(&cut, text, SHOWN_TEXT);
	add_sentence(out, label, cut.data);
	buf_release(&cut);
}

static void
add_changes(const struct print *p, struct buf *out, const struct print_one *one)
{
	add_ids(out, one, true);
	add_ids(out, one, false);
	if (!p->texts)
		return;
	for (size_t i = 0; i < one->change_len && i < PRINT_LIST_MAX; i++) {
		const struct print_change *c = &one->changes[i];

		buf_addc(out, '\n');
		add_text(out, i < one->lost ? "fails now" : "succeeds now",
		    c->pair->base->example);
		add_text(out, "  input", c->texts.input);
		add_text(out, "  base", c->base_texts.output);
		add_text(out, "  base error", c->base_texts.error);
		add_text(out, "  new", c->texts.output);
		add_text(out, "  new error", c->texts.error);
	}
}

static void
add_rules(const struct print *p, struct buf *out)
{
	for (size_t i = 0; i < p->rules->outcome_len; i++) {
		const struct rule_outcome *o = &p->rules->outcomes[i];
		char *value = grid_number(o->value), *before, *line;
		bool drop = !isnan(o->before);

		before = drop ? grid_number(o->before) : xstrdup("");
		line = xasprintf("%s: %s (%s%s%s)", o->text,
		    o->state == RULE_BROKEN     ? "HOLDS"
			: o->state == RULE_KEPT ? "does not hold"
						: "can't be judged",
		    before, drop ? " -> " : "",
		    isnan(o->value) ? "no value" : value);
		add_sentence(out, "rule", line);
		free(line);
		free(before);
		free(value);
	}
}

void
print_text(const struct print *p, struct buf *out)
{
	for (size_t i = 0; i < p->len; i++) {
		const struct print_one *one = &p->list[i];
		struct buf line;

		if (i > 0)
			buf_addc(out, '\n');
		add_run(out, "base", p->base);
		add_run(out, "new", one->run);
		buf_init(&line, SIZE_MAX / 2);
		print_matching(&one->result.match, &line);
		add_sentence(out, "matched", line.data);
		buf_release(&line);
		buf_addc(out, '\n');
		text_add_table(p, out, &one->result);
		buf_addc(out, '\n');
		add_curves(out, p, one->run);
		add_changes(p, out, one);
		add_figures(out, p, one);
		add_settings(out, one, p->base);
	}
	if (p->rules->outcome_len > 0)
		buf_addc(out, '\n');
	add_rules(p, out);
}
