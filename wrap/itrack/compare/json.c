/* A comparison for programs. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "format/jsonwrite.h"
#include "format/text.h"
#include "wrap/itrack/compare/print.h"
#include "wrap/itrack/print.h"

/* A NaN stands for a value that is not known, and JSON has no infinity. */
static void
put_number(struct jsonwrite *w, const char *key, double value)
{
	jsonwrite_key(w, key);
	if (!isfinite(value))
		jsonwrite_null(w);
	else
		jsonwrite_double(w, value);
}

static void
put_names(struct jsonwrite *w, const struct match_slice *slice)
{
	jsonwrite_text_member(w, "model",
	    slice == NULL              ? NULL
		: slice->model != NULL ? slice->model
				       : slice->base_model);
	jsonwrite_text_member(
	    w, "base_model", slice == NULL ? NULL : slice->base_model);
	jsonwrite_text_member(w, "probe", slice == NULL ? NULL : slice->probe);
}

static void
put_row(struct jsonwrite *w, const struct match_slice *slice,
    const struct result_row *row)
{
	jsonwrite_open(w, '{');
	put_names(w, slice);
	jsonwrite_text_member(w, "metric", row->metric);
	jsonwrite_int_member(w, "n", (int64_t)row->n);
	put_number(w, "base", row->base);
	put_number(w, "new", row->now);
	put_number(w, "difference", row->difference);
	put_number(w, "low", row->low);
	put_number(w, "high", row->high);
	put_number(w, "p", row->p);
	put_number(w, "p_holm", row->p_holm);
	jsonwrite_text_member(w, "verdict", result_verdict(row));
	jsonwrite_close(w, '}');
}

static void
put_rows(struct jsonwrite *w, const struct result *r)
{
	jsonwrite_open_member(w, "overall", '[');
	for (size_t i = 0; i < r->row_len; i++)
		put_row(w, NULL, &r->overall[i]);
	jsonwrite_close(w, ']');
	jsonwrite_open_member(w, "slices", '[');
	for (size_t k = 0; k < r->slice_len; k++)
		for (size_t i = 0; i < r->row_len; i++)
			put_row(w, r->slices[k].of, &r->slices[k].rows[i]);
	jsonwrite_close(w, ']');
}

static void
put_run(struct jsonwrite *w, const struct run *run)
{
	print_json_bytes(w, "dir", run->dir);
	jsonwrite_text_member(w, "attempt", run->attempt);
	jsonwrite_text_member(w, "run_id", survey_run_id(&run->survey));
	jsonwrite_int_member(
	    w, "record_count", (int64_t)run->survey.mapping.record_count);
}

static void
put_match(struct jsonwrite *w, const struct match *m)
{
	jsonwrite_open_member(w, "matched", '{');
	jsonwrite_int_member(w, "pairs", (int64_t)m->pairs);
	jsonwrite_int_member(w, "by_key", (int64_t)m->by_key);
	jsonwrite_int_member(w, "by_example", (int64_t)(m->pairs - m->by_key));
	jsonwrite_bool_member(w, "across_models", m->across_models);
	jsonwrite_int_member(w, "repeated", (int64_t)m->repeated);
	jsonwrite_int_member(w, "other_input", (int64_t)m->changed);
	jsonwrite_int_member(w, "only_base", (int64_t)m->only_base);
	jsonwrite_int_member(w, "only_new", (int64_t)m->only_now);
	jsonwrite_int_member(
	    w, "no_experiment", (int64_t)(m->base_apart + m->now_apart));
	jsonwrite_close(w, '}');
}

static void
put_figures(
    struct jsonwrite *w, const struct figures *base, const struct figures *now)
{
	const char *name;

	jsonwrite_open_member(w, "values", '[');
	for (size_t i = 0; (name = figures_either(base, now, i)) != NULL; i++) {
		jsonwrite_open(w, '{');
		jsonwrite_text_member(w, "name", name);
		put_number(w, "base", figures_get(base, name));
		put_number(w, "new", figures_get(now, name));
		jsonwrite_close(w, '}');
	}
	jsonwrite_close(w, ']');
}

static void
put_settings(struct jsonwrite *w, const struct settings *s)
{
	jsonwrite_key(w, "config");
	if (!s->known) {
		jsonwrite_null(w);
		return;
	}
	jsonwrite_open(w, '[');
	for (size_t i = 0; i < s->len; i++) {
		jsonwrite_open(w, '{');
		jsonwrite_text_member(w, "name", s->list[i].name);
		jsonwrite_text_member(w, "base", s->list[i].base);
		jsonwrite_text_member(w, "new", s->list[i].now);
		jsonwrite_close(w, '}');
	}
	jsonwrite_close(w, ']');
}

static void
put_side(struct jsonwrite *w, const char *key, const struct run_case *c,
    const struct run_texts *texts)
{
	jsonwrite_open_member(w, key, '{');
	jsonwrite_int_member(w, "line", (int64_t)c->number);
	jsonwrite_text_member(w, "status", c->status);
	jsonwrite_text_member(
	    w, "error_type", c->error_type[0] != '\0' ? c->error_type : NULL);
	if (texts != NULL) {
		jsonwrite_text_member(w, "output", texts->output);
		jsonwrite_text_member(w, "error", texts->error);
	}
	jsonwrite_close(w, '}');
}

static void
put_changes(
    struct jsonwrite *w, const struct print *p, const struct print_one *one)
{
	jsonwrite_open_member(w, "changed", '[');
	for (size_t i = 0; i < one->change_len; i++) {
		const struct print_change *c = &one->changes[i];

		jsonwrite_open(w, '{');
		jsonwrite_text_member(w, "example", c->pair->base->example);
		put_names(w, c->slice);
		jsonwrite_text_member(w, "change",
		    result_change(c->pair) > 0 ? "success" : "failure");
		if (p->texts)
			jsonwrite_text_member(w, "input", c->texts.input);
		put_side(
		    w, "base", c->pair->base, p->texts ? &c->base_texts : NULL);
		put_side(w, "new", c->pair->now, p->texts ? &c->texts : NULL);
		jsonwrite_close(w, '}');
	}
	jsonwrite_close(w, ']');
}

static void
put_one(struct jsonwrite *w, const struct print *p, const struct print_one *one)
{
	put_run(w, one->run);
	put_match(w, &one->result.match);
	put_rows(w, &one->result);
	put_changes(w, p, one);
	put_figures(w, &p->base_figures, &one->figures);
	put_settings(w, &one->settings);
}

static void
put_rules(struct jsonwrite *w, const struct rules *rules)
{
	jsonwrite_open_member(w, "rules", '[');
	for (size_t i = 0; i < rules->outcome_len; i++) {
		const struct rule_outcome *o = &rules->outcomes[i];

		jsonwrite_open(w, '{');
		print_json_bytes(w, "rule", o->text);
		print_json_bytes(w, "dir", o->run->dir);
		jsonwrite_text_member(w, "state", rules_state(o->state));
		put_number(w, "base", o->before);
		put_number(w, "value", o->value);
		jsonwrite_close(w, '}');
	}
	jsonwrite_close(w, ']');
}

/* Where one run is compared, its members stand in the object itself. */
void
print_json(const struct print *p, struct buf *out)
{
	struct jsonwrite w;

	jsonwrite_init(&w, out, JSONWRITE_INDENTED);
	jsonwrite_open(&w, '{');
	jsonwrite_int_member(&w, "version", PRINTED_VERSION);
	jsonwrite_open_member(&w, "base", '{');
	put_run(&w, p->base);
	jsonwrite_close(&w, '}');
	if (p->len == 1)
		put_one(&w, p, &p->list[0]);
	if (p->len != 1) {
		jsonwrite_open_member(&w, "comparisons", '[');
		for (size_t i = 0; i < p->len; i++) {
			jsonwrite_open(&w, '{');
			put_one(&w, p, &p->list[i]);
			jsonwrite_close(&w, '}');
		}
		jsonwrite_close(&w, ']');
	}
	put_rules(&w, p->rules);
	jsonwrite_close(&w, '}');
	buf_addc(out, '\n');
}
