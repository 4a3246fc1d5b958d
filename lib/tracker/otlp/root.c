/* The run's own span: from its start to its end, with its params as attributes
 * and what became of it as status. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "format/text.h"
#include "tracker/common/display.h"
#include "tracker/otlp/private.h"

#define TEXT_MAX (64 * 1024)
#define US_NS    INT64_C(1000)
/* The params are kept in the cursor, because a restarted process does not see
 * their entries again: under "param.N" a name, under "value.N" a letter for the
 * type and the value. */
#define PARAM_NAME  "param"
#define PARAM_VALUE "value"
#define STATE_SIZE  48
/* The cursor is bounded, and has more than these. */
#define KEPT_MAX        (256 * 1024)
#define JSON_ESCAPE     6   /* "\u0001" */
#define LEFT_OUT        "x" /* a value that did not fit */
#define PARAMS_LEFT_OUT "params_left_out"

static void
state_name(char name[STATE_SIZE], const char *what, size_t i)
{
	snprintf(name, STATE_SIZE, "%s.%zu", what, i);
}

static char
type_letter(enum value_type type)
{
	static const char letters[] = {[VALUE_NULL] = 'n',
	    [VALUE_BOOL] = 'b',
	    [VALUE_INTEGER] = 'i',
	    [VALUE_DOUBLE] = 'd',
	    [VALUE_TEXT] = 's',
	    [VALUE_JSON] = 's'};

	return letters[type];
}

/* What a text takes up in the cursor, which is JSON, at most. */
static size_t
cost_of(const char *text)
{
	size_t cost = STATE_SIZE;

	for (; *text != '\0'; text++)
		cost += *text >= ' ' && *text <= '~' && *text != '"' &&
			*text != '\\'
		    ? 1
		    : JSON_ESCAPE;
	return cost;
}

/* Keeps a text under that key, in place of an older one. False: it does not fit,
 * and the key has `instead`, unless that is NULL. */
static bool
keep(struct otlp *o, const char *key, const char *text, const char *instead)
{
	const char *old = tracker_recall(o->tracker, key);
	size_t others = o->params_cost - (old != NULL ? cost_of(old) : 0);
	bool fits = others + cost_of(text) <= KEPT_MAX;
	const char *kept = fits ? text : instead;

	if (kept == NULL)
		return false;
	o->params_cost = others + cost_of(kept);
	tracker_remember_later(o->tracker, key, kept);
	return fits;
}

/* The type's letter and the value, of a text no more than TEXT_MAX. */
static void
write_kept(struct buf *out, const struct value *value)
{
	buf_addc(out, type_letter(value->type));
	if (value->type == VALUE_TEXT || value->type == VALUE_JSON)
		buf_add(out, value->text,
		    strnlen(value->text, TEXT_MAX - 1 - out->len));
	else
		value_text(value, out);
}

static void
say_not_kept(struct otlp *o)
{
	tracker_note(o->tracker,
	    "the params are longer than the %d KiB that are kept: if itrack is "
	    "started again for this run, its span lacks those that do not fit",
	    KEPT_MAX / 1024);
	tracker_remember_later(o->tracker, PARAMS_LEFT_OUT, "yes");
}

/* What is kept has no gaps, so that each param has its place again: a value that
 * does not fit is kept as one that is left out, and if not even its name fits,
 * none that follow are kept. */
static void
remember(struct otlp *o, size_t i, const char *name, const struct value *value)
{
	char name_key[STATE_SIZE], value_key[STATE_SIZE];
	struct buf text;

	if (i > o->params_kept)
		return;
	buf_init(&text, TEXT_MAX);
	write_kept(&text, value);
	state_name(name_key, PARAM_NAME, i);
	state_name(value_key, PARAM_VALUE, i);
	if (!keep(o, name_key, name, NULL) ||
	    !keep(o, value_key, text.data, LEFT_OUT))
		say_not_kept(o);
	if (i == o->params_kept &&
	    tracker_recall(o->tracker, value_key) != NULL)
		o->params_kept++;
	buf_release(&text);
}

static void
recall_one(struct otlp *o, const char *name, const char *text)
{
	struct value v = {.type = VALUE_TEXT};

	switch (text[0]) {
	case 'b':
		v.type = VALUE_BOOL;
		v.boolean = strcmp(text + 1, "True") == 0;
		break;
	case 'i':
		v.type = VALUE_INTEGER;
		v.integer = strtoll(text + 1, NULL, 10);
		break;
	case 'd':
		v.type = VALUE_DOUBLE;
		v.number = strtod(text + 1, NULL);
		break;
	case 'n':
		v.type = VALUE_NULL;
		break;
	default:
		v.text = xstrdup(text + 1);
	}
	paramset_put(&o->params, name, &v);
	value_release(&v);
}

/* A process that goes on with the run has all of them. */
void
otlp_params_recall(struct otlp *o)
{
	if (o->params.len > 0)
		return;
	o->params_kept = o->params_cost = 0;
	for (size_t i = 0; i < OTLP_PARAMS_MAX; i++) {
		char key[STATE_SIZE];
		const char *name, *text;

		state_name(key, PARAM_NAME, i);
		name = tracker_recall(o->tracker, key);
		state_name(key, PARAM_VALUE, i);
		text = tracker_recall(o->tracker, key);
		if (name == NULL || text == NULL)
			break;
		o->params_kept++;
		o->params_cost += cost_of(name) + cost_of(text);
		recall_one(o, name, text);
		o->params_unknown[i] = strcmp(text, LEFT_OUT) == 0;
	}
	if (o->params_kept > 0 &&
	    tracker_recall(o->tracker, PARAMS_LEFT_OUT) != NULL)
		tracker_note(o->tracker,
		    "the run's span lacks params that were too long to be kept "
		    "until itrack was started again");
}

/* The place of a param among them. */
static size_t
place_of(const struct paramset *set, const char *name)
{
	const struct paramset_item *p;
	size_t i = 0;

	TAILQ_FOREACH (p, &set->list, link) {
		if (strcmp(p->name, name) == 0)
			break;
		i++;
	}
	return i;
}

static void
add_param(struct otlp *o, const char *name, const struct value *value)
{
	bool changed;
	size_t place;

	if (o->params.len >= OTLP_PARAMS_MAX &&
	    paramset_get(&o->params, name) == NULL) {
		tracker_note(o->tracker,
		    "the run's span has its first %d params; the others are "
		    "left out",
		    OTLP_PARAMS_MAX);
		return;
	}
	changed = paramset_put(&o->params, name, value);
	place = place_of(&o->params, name);
	if (changed || o->params_unknown[place])
		remember(o, place, name, value);
	o->params_unknown[place] = false;
}

void
otlp_params_add(struct otlp *o, const struct entry_params *params)
{
	struct otlp_labels labels = {.len = 0};

	otlp_experiment_labels(&o->experiments, params->experiment, &labels);
	for (size_t i = 0; i < params->len; i++) {
		const struct param *p = &params->list[i];
		char *name = labels.len > 0
		    ? xasprintf("experiment.%jd.%s",
			  (intmax_t)params->experiment, p->name)
		    : xstrdup(p->name);

		add_param(o, name, &p->value);
		free(name);
	}
}

/* Does a param have the name of one of ours? */
static bool
is_ours(const char *name)
{
	static const char *const ours[] = {
	    OTLP_NAME, OTLP_RUN_ID, OTLP_STATUS, OTLP_RECORDS};

	for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
		if (strcmp(name, ours[i] + strlen(OTLP_OWN)) == 0)
			return true;
	return false;
}

static void
put_param(struct buf *out, const struct paramset_item *p)
{
	char *name = xasprintf(
	    is_ours(p->name) ? OTLP_PARAM "%s" : OTLP_OWN "%s", p->name);
	const uint32_t field = OTEL_SPAN_ATTRIBUTE;
	struct buf text;

	if (p->value.type == VALUE_BOOL) {
		otel_bool(out, field, name, p->value.boolean);
	} else if (p->value.type == VALUE_INTEGER) {
		otel_int(out, field, name, p->value.integer);
	} else if (p->value.type == VALUE_DOUBLE) {
		otel_double(out, field, name, p->value.number);
	} else {
		buf_init(&text, OTLP_BODY_MAX);
		buf_adds(&text, "");
		value_text(&p->value, &text);
		otel_text(out, field, name, text.data);
		buf_release(&text);
	}
	free(name);
}

static void
put_end(struct buf *out, const struct entry_end *end, enum run_source source)
{
	const char *word =
	    end->word != NULL ? end->word : run_status_name(end->status);

	otel_text(out, OTEL_SPAN_ATTRIBUTE, OTLP_STATUS, word);
	if (end->last_step >= 0 && source != SOURCE_LIBRARY)
		otel_int(
		    out, OTEL_SPAN_ATTRIBUTE, OTLP_RECORDS, end->last_step);
}

/* Does the param say what an attribute of the run says already? */
static bool
is_run_id(const struct otlp *o, const struct paramset_item *p)
{
	return strcmp(p->name, "run_id") == 0 && p->value.type == VALUE_TEXT &&
	    o->run->run_id != NULL &&
	    strcmp(p->value.text, o->run->run_id) == 0;
}

void
otlp_root_write(struct otlp *o)
{
	const struct entry_end *end = o->end.end;
	const struct paramset_item *p;
	struct otel_frame frame;
	struct buf *out = otlp_begin(o, LANE_METRICS, &frame);
	const char *id =
	    o->run->run_id != NULL ? o->run->run_id : o->run->start->attempt;
	char *name = xasprintf("evaluation %s", id);
	char *shown = display_name(o->run->start, o->run->run_id);
	struct otel_span span = {
	    .trace_id = o->root.trace,
	    .span_id = o->root.span,
	    .name = name,
	    .kind = OTEL_INTERNAL,
	    .start_ns = o->run->started_us * US_NS,
	    .end_ns = o->end.ended_us * US_NS,
	};
	size_t at, place = 0;

	/* The marker of a directory that was copied is younger than its files. */
	if (span.start_ns > span.end_ns)
		span.start_ns = span.end_ns;
	at = otel_span_begin(out, &span);
	otel_text(out, OTEL_SPAN_ATTRIBUTE, OTLP_NAME, shown);
	otel_text(out, OTEL_SPAN_ATTRIBUTE, OTLP_RUN_ID, o->run->run_id);
	put_end(out, end, o->run->start->source);
	TAILQ_FOREACH (p, &o->params.list, link)
		if (!o->params_unknown[place++] && !is_run_id(o, p))
			put_param(out, p);
	otel_span_end(out, at,
	    end->status == RUN_FINISHED ? OTEL_STATUS_OK : OTEL_STATUS_ERROR,
	    end->status == RUN_FINISHED ? NULL : run_status_name(end->status));
	otel_end(out, &frame);
	free(shown);
	free(name);
}
