/* Takes metrics and params of the library's callers: which names are
 * accepted, which of two equal ones counts, and how many go into one
 * entry. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/die.h"
#include "format/jsonscan.h"
#include "format/jsonwrite.h"
#include "format/text.h"
#include "itrack/handle.h"

/* MLflow takes so many at once; it is far below ENTRY_LINE_MAX, and no reader
 * needs memory in proportion to a call. */
#define METRICS_PER_ENTRY 1000
/* Up to so many names are compared in pairs; more are sorted. */
#define COMPARE_MAX 32

/* One of the two lists is given. */
struct metrics {
	const struct itrack_metric *list;
	const struct itrack_param *numbers;
	size_t count;
	int64_t step;
};

static const char *
name_of(const struct metrics *m, size_t i)
{
	return m->list != NULL ? m->list[i].name : m->numbers[i].name;
}

/* Adds the bytes as a text to the other texts of this call. */
static int
add_name(struct buf *names, const char *bytes, struct err *err)
{
	size_t before = names->len;

	if (text_from_bytes(names, bytes, strlen(bytes)) < 0 ||
	    buf_addc(names, '\0') < 0) {
		buf_truncate(names, before);
		return err_set(err, -EMSGSIZE, "the names are too long");
	}
	return 0;
}

static int
check(const struct metrics *m, struct err *err)
{
	if (m->step < 0 && m->step != ITRACK_STEP_AUTO)
		return err_set(err, -EINVAL, "the step %lld is less than 0",
		    (long long)m->step);
	for (size_t i = 0; i < m->count; i++) {
		if (name_of(m, i) == NULL || name_of(m, i)[0] == '\0')
			return err_set(
			    err, -EINVAL, "metric %zu has no name", i);
		if (m->list == NULL &&
		    m->numbers[i].value.type != ITRACK_BOOL &&
		    m->numbers[i].value.type != ITRACK_INTEGER &&
		    m->numbers[i].value.type != ITRACK_DOUBLE)
			return err_set(err, -EINVAL,
			    "metric %.64s is no number", name_of(m, i));
	}
	return 0;
}

/* The name is filled in by the caller. */
static struct metric
metric_of(const struct metrics *m, size_t i)
{
	const struct itrack_value *v;

	if (m->list != NULL)
		return (struct metric){.value = m->list[i].value};
	v = &m->numbers[i].value;
	switch (v->type) {
	case ITRACK_BOOL:
		return (struct metric){
		    .value = v->u.boolean, .form = METRIC_BOOL};
	case ITRACK_INTEGER:
		return (struct metric){.value = (double)v->u.integer,
		    .form = METRIC_INTEGER,
		    .integer = v->u.integer};
	default:
		return (struct metric){.value = v->u.number};
	}
}

/* Its value goes into the place of an earlier one. */
static void
take_value(struct metric *to, const struct metric *from)
{
	char *name = to->name;

	*to = *from;
	to->name = name;
}

static int
compare_places(const void *a, const void *b)
{
	const struct metric *const *x = a, *const *y = b;
	int order = strcmp((*x)->name, (*y)->name);

	if (order != 0)
		return order;
	return *x < *y ? -1 : 1;
}

/* With a name given twice the last value stands, in the first one's place, as
 * in a Python dictionary; the others lose their names. */
static void
mark_sorted(struct metric *list, size_t count)
{
	struct metric **order = xcalloc(count, sizeof(struct metric *));
	struct metric *first;

	for (size_t i = 0; i < count; i++)
		order[i] = &list[i];
	qsort(order, count, sizeof(struct metric *), compare_places);
	first = order[0];
	for (size_t i = 1; i < count; i++) {
		if (strcmp(order[i]->name, first->name) != 0) {
			first = order[i];
			continue;
		}
		take_value(first, order[i]);
		order[i]->name = NULL;
	}
	free(order);
}

static void
mark_compared(struct metric *list, size_t count)
{
	for (size_t i = 1; i < count; i++)
		for (size_t k = 0; k < i; k++)
			if (list[k].name != NULL &&
			    strcmp(list[k].name, list[i].name) == 0) {
				take_value(&list[k], &list[i]);
				list[i].name = NULL;
				break;
			}
}

static size_t
drop_duplicates(struct metric *list, size_t count)
{
	size_t kept = 0;

	if (count > COMPARE_MAX)
		mark_sorted(list, count);
	else
		mark_compared(list, count);
	for (size_t i = 0; i < count; i++)
		if (list[i].name != NULL)
			list[kept++] = list[i];
	return kept;
}

/* Copies the caller's metrics into the entry, in the handle's memory. */
static int
take_metrics(struct itrack_tracker *t, const struct metrics *m, size_t *count,
    struct err *err)
{
	char *name;

	buf_reset(&t->names);
	for (size_t i = 0; i < m->count; i++)
		if (add_name(&t->names, name_of(m, i), err) < 0)
			return err->code;
	if (m->count > t->metric_cap) {
		t->metrics =
		    xreallocarray(t->metrics, m->count, sizeof *t->metrics);
		t->metric_cap = m->count;
	}
	name = t->names.data;
	for (size_t i = 0; i < m->count; i++) {
		t->metrics[i] = metric_of(m, i);
		t->metrics[i].name = name;
		name += strlen(name) + 1;
	}
	*count = drop_duplicates(t->metrics, m->count);
	return 0;
}

/* Frees the memory of a large call, so that small ones don't keep it. */
static void
give_back(struct itrack_tracker *t)
{
	if (t->metric_cap <= METRICS_PER_ENTRY)
		return;
	free(t->metrics);
	t->metrics = NULL;
	t->metric_cap = 0;
	buf_release(&t->names);
	buf_init(&t->names, HANDLE_NAMES_MAX);
}

int64_t
run_step(struct run *run, int64_t given)
{
	int64_t next = run->next_step;

	if (given != ITRACK_STEP_AUTO)
		return given;
	if (next < INT64_MAX)
		run->next_step++;
	return next;
}

static int
metrics_body(struct itrack_tracker *t, const void *arguments, struct err *err)
{
	const struct metrics *m = arguments;
	struct entry e;
	size_t count = 0;
	int result = check(m, err);

	if (result == 0)
		result = take_metrics(t, m, &count, err);
	if (result < 0)
		return result;
	entry_init(&e, ENTRY_METRICS, clock_wall_us());
	e.metrics.step = run_step(t->run, m->step);
	for (size_t at = 0; result == 0 && at < count;) {
		size_t left = count - at;

		e.metrics.list = t->metrics + at;
		e.metrics.len =
		    left < METRICS_PER_ENTRY ? left : METRICS_PER_ENTRY;
		result = run_log_borrowed(t->run, &e, err);
		at += e.metrics.len;
	}
	give_back(t);
	return result;
}

int
itrack_log_metrics(struct itrack_tracker *t,
    const struct itrack_metric *metrics, size_t count, int64_t step,
    struct itrack_error *err)
{
	struct metrics m = {metrics, NULL, count, step};

	if (metrics == NULL && count > 0)
		return handle_refuse(err, -EINVAL, "the metrics are NULL");
	return handle_call(t, HANDLE_LOG, metrics_body, &m, err);
}

int
itrack_log_numbers(struct itrack_tracker *t, const struct itrack_param *numbers,
    size_t count, int64_t step, struct itrack_error *err)
{
	struct metrics m = {NULL, numbers, count, step};

	if (numbers == NULL && count > 0)
		return handle_refuse(err, -EINVAL, "the numbers are NULL");
	return handle_call(t, HANDLE_LOG, metrics_body, &m, err);
}

struct params {
	const struct itrack_param *list;
	size_t count;
};

static int
add_json(struct entry *e, const char *name, const struct itrack_value *v,
    struct err *err)
{
	const char *json = v->u.json.json, *given = v->u.json.text;
	struct json_span span;
	struct buf compact, str;
	struct jsonwrite w;
	char *text;

	if (json == NULL || jsonscan_whole(json, strlen(json), &span) < 0)
		return err_set(err, -EINVAL, "param %.64s: no JSON", name);
	buf_init(&compact, HANDLE_NAMES_MAX);
	buf_init(&str, HANDLE_NAMES_MAX);
	jsonwrite_init(&w, &compact, JSONWRITE_COMPACT);
	jsonwrite_span(&w, &span);
	if (given == NULL)
		json_pystr(&span, &str);
	text = given != NULL ? text_of_bytes(given) : buf_steal(&str);
	if (!buf_overflowed(&compact))
		entry_add_param_json(e, name, text, compact.data);
	free(text);
	buf_release(&str);
	if (buf_overflowed(&compact)) {
		buf_release(&compact);
		return err_set(err, -EMSGSIZE, "param %.64s: too large", name);
	}
	buf_release(&compact);
	return 0;
}

static int
add_param(struct entry *e, const char *name, const struct itrack_value *v,
    struct err *err)
{
	char *text;

	switch (v->type) {
	case ITRACK_NULL:
		entry_add_param_null(e, name);
		return 0;
	case ITRACK_BOOL:
		entry_add_param_bool(e, name, v->u.boolean);
		return 0;
	case ITRACK_INTEGER:
		entry_add_param_integer(e, name, v->u.integer);
		return 0;
	case ITRACK_DOUBLE:
		entry_add_param_double(e, name, v->u.number);
		return 0;
	case ITRACK_TEXT:
		if (v->u.text == NULL)
			break;
		text = text_of_bytes(v->u.text);
		entry_add_param_text(e, name, text);
		free(text);
		return 0;
	case ITRACK_JSON:
		return add_json(e, name, v, err);
	}
	return err_set(
	    err, -EINVAL, "param %.64s: no value of a known type", name);
}

static int
params_body(struct itrack_tracker *t, const void *arguments, struct err *err)
{
	const struct params *p = arguments;
	struct entry e;
	int result = 0;

	entry_init(&e, ENTRY_PARAMS, clock_wall_us());
	for (size_t i = 0; result == 0 && i < p->count; i++) {
		char *name;

		if (p->list[i].name == NULL || p->list[i].name[0] == '\0') {
			result =
			    err_set(err, -EINVAL, "param %zu has no name", i);
			break;
		}
		name = text_of_bytes(p->list[i].name);
		result = add_param(&e, name, &p->list[i].value, err);
		free(name);
	}
	if (result < 0 || p->count == 0) {
		entry_release(&e);
		return result;
	}
	return run_log(t->run, &e, err);
}

int
itrack_log_params(struct itrack_tracker *t, const struct itrack_param *params,
    size_t count, struct itrack_error *err)
{
	struct params p = {params, count};

	if (params == NULL && count > 0)
		return handle_refuse(err, -EINVAL, "the params are NULL");
	return handle_call(t, HANDLE_LOG, params_body, &p, err);
}
