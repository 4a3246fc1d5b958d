#include "journal/member.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/die.h"
#include "format/text.h"
#include "journal/state.h"

bool
member_is(const struct member *m, const char *name)
{
	return json_is(&m->key, name);
}

int
member_refuse(const struct member *m, struct err *err)
{
	char *key = json_text_new(&m->key);
	int result = err_set(
	    err, -EBADMSG, "%.64s: %s", key != NULL ? key : "", m->wrong);

	free(key);
	return result;
}

int
member_each(const struct json_span *object,
    void (*take)(struct member *m, void *data), void *data, struct err *err)
{
	struct member m = {.wrong = NULL};
	struct jsonscan s;

	jsonscan_init_span(&s, object);
	if (jsonscan_enter(&s, '{') < 0)
		return err_set(err, -EBADMSG, "no object");
	while (m.wrong == NULL && jsonscan_member(&s, &m.key) > 0) {
		jsonscan_value(&s, &m.value);
		take(&m, data);
	}
	return m.wrong == NULL ? 0 : member_refuse(&m, err);
}

bool
take_text(struct member *m, const char *name, char **field)
{
	if (!member_is(m, name))
		return false;
	free(*field);
	*field = json_text_new(&m->value);
	if (*field == NULL && m->value.type != JSON_NULL)
		m->wrong = "no text";
	return true;
}

bool
member_is_path(const char *text)
{
	char *bytes = text_path_bytes(text);

	free(bytes);
	return bytes != NULL;
}

bool
take_path(struct member *m, const char *name, char **field)
{
	if (!take_text(m, name, field))
		return false;
	if (*field != NULL && !member_is_path(*field))
		m->wrong = "no path";
	return true;
}

bool
take_attempt(struct member *m, const char *name, char **field)
{
	if (!take_text(m, name, field))
		return false;
	if (*field != NULL && !state_is_attempt(*field))
		m->wrong = "no name of an attempt";
	return true;
}

bool
take_kept(struct member *m, const char *name, char **field)
{
	if (!take_text(m, name, field))
		return false;
	if (*field != NULL && !state_is_kept(*field))
		m->wrong = "no name of a kept file";
	return true;
}

bool
take_bool(struct member *m, const char *name, bool *field)
{
	if (!member_is(m, name))
		return false;
	*field = m->value.type == JSON_TRUE;
	if (!*field && m->value.type != JSON_FALSE)
		m->wrong = "neither true nor false";
	return true;
}

bool
take_int(struct member *m, const char *name, int64_t min, int64_t max,
    int64_t *field)
{
	int result;

	if (!member_is(m, name))
		return false;
	result = json_int64(&m->value, field);
	if (result == -EINVAL)
		m->wrong = "no integer";
	else if (result < 0 || *field < min || *field > max)
		m->wrong = "out of range";
	return true;
}

bool
take_count(struct member *m, const char *name, int64_t *field)
{
	return take_int(m, name, 0, INT64_MAX, field);
}

bool
take_any_int(struct member *m, const char *name, int64_t *field)
{
	return take_int(m, name, INT64_MIN, INT64_MAX, field);
}

bool
take_word(struct member *m, const char *name, const char *const *words,
    int count, int *field)
{
	if (!member_is(m, name))
		return false;
	for (int i = 0; i < count; i++)
		if (json_is(&m->value, words[i])) {
			*field = i;
			return true;
		}
	m->wrong = "an unknown word";
	return true;
}

int
member_number(const struct json_span *value, double *number)
{
	if (json_double(value, number) == 0)
		return 0;
	if (json_is(value, "NaN"))
		*number = NAN;
	else if (json_is(value, "Infinity"))
		*number = INFINITY;
	else if (json_is(value, "-Infinity"))
		*number = -INFINITY;
	else
		return -EINVAL;
	return 0;
}

bool
take_double(struct member *m, const char *name, double *field)
{
	if (!member_is(m, name))
		return false;
	if (member_number(&m->value, field) < 0)
		m->wrong = "no number";
	return true;
}

bool
member_enter(struct member *m, struct jsonscan *s, char bracket)
{
	jsonscan_init_span(s, &m->value);
	if (jsonscan_enter(s, bracket) == 0)
		return true;
	m->wrong = bracket == '[' ? "no list" : "no object";
	return false;
}

bool
take_texts(struct member *m, const char *name, char ***list, size_t *len)
{
	struct jsonscan s;
	struct json_span item;

	if (!member_is(m, name))
		return false;
	if (!member_enter(m, &s, '['))
		return true;
	while (jsonscan_element(&s) > 0) {
		jsonscan_value(&s, &item);
		if (item.type != JSON_STRING) {
			m->wrong = "no list of texts";
			return true;
		}
		*list = xreallocarray(*list, *len + 1, sizeof **list);
		(*list)[(*len)++] = json_text_new(&item);
	}
	return true;
}

bool
take_pairs(struct member *m, const char *name, struct pair **list, size_t *len)
{
	struct jsonscan s;
	struct json_span key, value;

	if (!member_is(m, name))
		return false;
	if (!member_enter(m, &s, '{'))
		return true;
	while (jsonscan_member(&s, &key) > 0) {
		jsonscan_value(&s, &value);
		if (value.type != JSON_STRING) {
			m->wrong = "no object of texts";
			return true;
		}
		*list = xreallocarray(*list, *len + 1, sizeof **list);
		(*list)[(*len)++] =
		    (struct pair){json_text_new(&key), json_text_new(&value)};
	}
	return true;
}

bool
take_doubles(struct member *m, const char *name, double **list, size_t *len)
{
	struct jsonscan s;
	struct json_span item;
	size_t n = 0;

	if (!member_is(m, name))
		return false;
	if (!member_enter(m, &s, '['))
		return true;
	while (jsonscan_element(&s) > 0) {
		jsonscan_value(&s, &item);
		*list = xreallocarray(*list, n + 1, sizeof **list);
		if (member_number(&item, &(*list)[n++]) < 0)
			m->wrong = "no list of numbers";
	}
	*len = n;
	return true;
}
