/* The params and the metrics of an entry as members. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "journal/members.h"

/* A double stands in a list, so that a quoted NaN is no text. */
static int
double_of(const struct json_span *value, double *number)
{
	struct jsonscan s;
	struct json_span item;

	jsonscan_init_span(&s, value);
	if (jsonscan_enter(&s, '[') < 0 || jsonscan_element(&s) <= 0 ||
	    jsonscan_value(&s, &item) < 0 || jsonscan_element(&s) != 0)
		return -EINVAL;
	return field_number(&item, number);
}

/* {"text": what str() made of it, "json": the value} */
static int
add_json(struct entry *e, const char *name, const struct json_span *value)
{
	struct json_span text = json_member(value, "text"),
			 inner = json_member(value, "json");
	char *string = json_text_new(&text), *json = NULL;

	if (inner.type != JSON_NONE)
		json = xstrndup(inner.start, inner.len);
	if (string != NULL && json != NULL)
		entry_add_param_json(e, name, string, json);
	free(string);
	if (json == NULL || string == NULL) {
		free(json);
		return -EINVAL;
	}
	free(json);
	return 0;
}

static int
add_param(struct entry *e, const char *name, const struct json_span *value)
{
	int64_t integer;
	double number;
	char *text;

	switch (value->type) {
	case JSON_STRING:
		text = json_text_new(value);
		entry_add_param_text(e, name, text);
		free(text);
		return 0;
	case JSON_TRUE:
	case JSON_FALSE:
		entry_add_param_bool(e, name, value->type == JSON_TRUE);
		return 0;
	case JSON_NULL:
		entry_add_param_null(e, name);
		return 0;
	case JSON_INTEGER:
		if (json_int64(value, &integer) < 0)
			return -ERANGE;
		entry_add_param_integer(e, name, integer);
		return 0;
	case JSON_ARRAY:
		if (double_of(value, &number) < 0)
			return -EINVAL;
		entry_add_param_double(e, name, number);
		return 0;
	case JSON_OBJECT:
		return add_json(e, name, value);
	default:
		return -EINVAL;
	}
}

static int
take_params(
    const struct field *f, void *object, struct jsonscan *s, struct err *err)
{
	struct json_span name, value;
	int result = 0;

	(void)f;
	if (field_enter(s, '{', err) < 0)
		return -EBADMSG;
	while (result == 0 && jsonscan_member(s, &name) > 0 &&
	    jsonscan_value(s, &value) == 0) {
		char *text = json_text_new(&name);

		result = add_param(object, text, &value);
		free(text);
	}
	return result < 0 ? field_refuse(err, "a value that no param has")
			  : s->error;
}

static void
put_value(struct jsonwrite *w, const struct value *v)
{
	switch (v->type) {
	case VALUE_NULL:
		jsonwrite_null(w);
		break;
	case VALUE_BOOL:
		jsonwrite_bool(w, v->boolean);
		break;
	case VALUE_INTEGER:
		jsonwrite_int(w, v->integer);
		break;
	case VALUE_DOUBLE:
		jsonwrite_open(w, '[');
		jsonwrite_double(w, v->number);
		jsonwrite_close(w, ']');
		break;
	case VALUE_TEXT:
		jsonwrite_text(w, v->text);
		break;
	case VALUE_JSON:
		jsonwrite_open(w, '{');
		jsonwrite_text_member(w, "text", v->text);
		jsonwrite_key(w, "json");
		jsonwrite_raw(w, v->json, strlen(v->json));
		jsonwrite_close(w, '}');
		break;
	}
}

static void
put_params(const struct field *f, const void *object, struct jsonwrite *w)
{
	const struct param *params = field_pointer(f, object);

	jsonwrite_open(w, '{');
	for (size_t i = 0; i < field_len(f, object); i++) {
		jsonwrite_key(w, params[i].name);
		put_value(w, &params[i].value);
	}
	jsonwrite_close(w, '}');
}

static void
release_params(const struct field *f, void *object)
{
	struct param *params = field_pointer(f, object);

	for (size_t i = 0; i < field_len(f, object); i++) {
		free(params[i].name);
		value_release(&params[i].value);
	}
	free(params);
}

const struct field_type field_params = {sizeof(struct param *), take_params,
    put_params, field_is_null, release_params};

/* Most of nearly every line is metrics, so their names are handed over and not
 * copied. */
static int
add_metric(struct entry *e, const struct json_span *name,
    const struct json_span *value)
{
	struct metric m = {.form = METRIC_DOUBLE};

	if (value->type == JSON_TRUE || value->type == JSON_FALSE) {
		m.form = METRIC_BOOL;
		m.value = value->type == JSON_TRUE;
	} else if (field_number(value, &m.value) < 0) {
		return -EINVAL;
	} else if (value->type == JSON_INTEGER &&
	    json_int64(value, &m.integer) == 0) {
		m.form = METRIC_INTEGER;
	}
	entry_take_metric(e, json_text_new(name), m.value);
	m.name = e->metrics.list[e->metrics.len - 1].name;
	e->metrics.list[e->metrics.len - 1] = m;
	return 0;
}

static int
take_metrics(
    const struct field *f, void *object, struct jsonscan *s, struct err *err)
{
	struct json_span name, value;

	(void)f;
	if (field_enter(s, '{', err) < 0)
		return -EBADMSG;
	while (
	    jsonscan_member(s, &name) > 0 && jsonscan_value(s, &value) == 0) {
		if (add_metric(object, &name, &value) < 0)
			return field_refuse(err, "a value that is no number");
	}
	return s->error;
}

static void
put_metrics(const struct field *f, const void *object, struct jsonwrite *w)
{
	const struct metric *metrics = field_pointer(f, object);

	jsonwrite_open(w, '{');
	for (size_t i = 0; i < field_len(f, object); i++) {
		jsonwrite_key(w, metrics[i].name);
		metric_write(w, &metrics[i]);
	}
	jsonwrite_close(w, '}');
}

static void
release_metrics(const struct field *f, void *object)
{
	struct metric *metrics = field_pointer(f, object);

	for (size_t i = 0; i < field_len(f, object); i++)
		free(metrics[i].name);
	free(metrics);
}

const struct field_type field_metrics = {sizeof(struct metric *), take_metrics,
    put_metrics, field_is_null, release_metrics};
