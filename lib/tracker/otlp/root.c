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

/* A configuration has 300 leaves at most; an experiment brings five. */
#define PARAMS_MAX 1000
#define TEXT_MAX   (64 * 1024)
#define US_NS      INT64_C(1000)
/* The params are kept in the cursor, because a restarted process does not see
 * their entries again: under "param.N" a name, under "value.N" a letter for the
 * type and the value. */
#define PARAM_NAME  "param"
#define PARAM_VALUE "value"
#define STATE_SIZE  48

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

static void
remember(struct otlp *o, size_t i, const char *name, const struct value *value)
{
	char key[STATE_SIZE];
	struct buf text;

	buf_init(&text, TEXT_MAX);
	buf_addc(&text, type_letter(value->type));
	value_text(value, &text);
	state_name(key, PARAM_NAME, i);
	tracker_remember_later(o->tracker, key, name);
	state_name(key, PARAM_VALUE, i);
	tracker_remember_later(o->tracker, key, text.data);
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

void
otlp_params_recall(struct otlp *o)
{
	for (size_t i = 0; i < PARAMS_MAX; i++) {
		char key[STATE_SIZE];
		const char *name, *text;

		state_name(key, PARAM_NAME, i);
		name = tracker_recall(o->tracker, key);
		state_name(key, PARAM_VALUE, i);
		text = tracker_recall(o->tracker, key);
		if (name == NULL || text == NULL)
			return;
		recall_one(o, name, text);
	}
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
	if (o->params.len >= PARAMS_MAX &&
	    paramset_get(&o->params, name) == NULL) {
		tracker_note(o->tracker,
		    "the run's span has its first %d params; the others are "
		    "left out",
		    PARAMS_MAX);
		return;
	}
	if (paramset_put(&o->params, name, value))
		remember(o, place_of(&o->params, name), name, value);
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

static void
put_text(struct buf *out, const char *name, const char *text)
{
	struct buf utf8;

	if (text == NULL)
		return;
	buf_init(&utf8, TEXT_MAX);
	buf_adds(&utf8, "");
	text_to_utf8(&utf8, text);
	otel_text(
	    out, OTEL_SPAN_ATTRIBUTE, name, utf8.data != NULL ? utf8.data : "");
	buf_release(&utf8);
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
	struct buf utf8, text;

	buf_init(&utf8, TEXT_MAX);
	buf_init(&text, TEXT_MAX);
	text_to_utf8(&utf8, name);
	if (p->value.type == VALUE_BOOL) {
		otel_bool(
		    out, OTEL_SPAN_ATTRIBUTE, utf8.data, p->value.boolean);
	} else if (p->value.type == VALUE_INTEGER) {
		otel_int(out, OTEL_SPAN_ATTRIBUTE, utf8.data, p->value.integer);
	} else if (p->value.type == VALUE_DOUBLE) {
		otel_double(
		    out, OTEL_SPAN_ATTRIBUTE, utf8.data, p->value.number);
	} else {
		buf_adds(&text, "");
		value_text(&p->value, &text);
		put_text(out, utf8.data, text.data);
	}
	buf_release(&text);
	buf_release(&utf8);
	free(name);
}

static void
put_end(struct buf *out, const struct entry_end *end, enum run_source source)
{
	const char *word =
	    end->word != NULL ? end->word : run_status_name(end->status);

	put_text(out, OTLP_STATUS, word);
	if (end->last_step >= 0 && source != SOURCE_LIBRARY)
		otel_int(
		    out, OTEL_SPAN_ATTRIBUTE, OTLP_RECORDS, end->last_step);
}

/* Says the param what the run's own attribute says? */
static bool
is_run_id(const struct otlp *o, const struct paramset_item *p)
{
	return strcmp(p->name, "run_id") == 0 && p->value.type == VALUE_TEXT &&
	    o->run->run_id != NULL &&
	    strcmp(p->value.text, o->run->run_id) == 0;
}

/* "evaluation <run ID>". */
static char *
span_name(const struct otlp *o)
{
	const char *id =
	    o->run->run_id != NULL ? o->run->run_id : o->run->start->attempt;
	struct buf name;

	buf_init(&name, TEXT_MAX);
	buf_adds(&name, "evaluation ");
	text_to_utf8(&name, id);
	return buf_steal(&name);
}

void
otlp_root_write(struct otlp *o)
{
	const struct entry_end *end = o->end.end;
	const struct paramset_item *p;
	struct otel_frame frame;
	struct buf *out = otlp_begin(o, LANE_METRICS, &frame);
	char *name = span_name(o);
	char *shown = display_name(o->run->start, o->run->run_id);
	struct otel_span span = {
	    .trace_id = o->root.trace,
	    .span_id = o->root.span,
	    .name = name,
	    .kind = OTEL_INTERNAL,
	    .start_ns = o->run->started_us * US_NS,
	    .end_ns = o->end.ended_us * US_NS,
	};
	size_t at;

	/* The marker of a directory that was copied is younger than its files. */
	if (span.start_ns > span.end_ns)
		span.start_ns = span.end_ns;
	at = otel_span_begin(out, &span);
	put_text(out, OTLP_NAME, shown);
	put_text(out, OTLP_RUN_ID, o->run->run_id);
	put_end(out, end, o->run->start->source);
	TAILQ_FOREACH (p, &o->params.list, link)
		if (!is_run_id(o, p))
			put_param(out, p);
	otel_span_end(out, at,
	    end->status == RUN_FINISHED ? OTEL_STATUS_OK : OTEL_STATUS_ERROR,
	    end->status == RUN_FINISHED ? NULL : run_status_name(end->status));
	otel_end(out, &frame);
	free(shown);
	free(name);
}
