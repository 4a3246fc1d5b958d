/* Texts, truth, numbers and words as members. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "format/text.h"
#include "journal/field.h"
#include "journal/state_dir.h"

bool
field_is_path(const char *text)
{
	char *bytes = text_path_bytes(text);

	free(bytes);
	return bytes != NULL;
}

static bool
is_absolute_path(const char *text)
{
	return text[0] == '/' && field_is_path(text);
}

const struct field_form form_path = {field_is_path, "no path"};
const struct field_form form_absolute_path = {
    is_absolute_path, "no absolute path"};
const struct field_form form_attempt = {
    state_is_attempt, "no name of an attempt"};
const struct field_form form_tracker = {
    state_is_tracker, "no name of a tracker"};
const struct field_form form_kept = {state_is_kept, "no name of a kept file"};

const struct field_range range_count = {0, INT64_MAX};
const struct field_range range_crc32c = {0, UINT32_MAX};

int
field_check_form(const struct field *f, const char *text, struct err *err)
{
	return f->form == NULL || f->form->is(text)
	    ? 0
	    : field_refuse(err, f->form->wrong);
}

static int
take_text(
    const struct field *f, void *object, struct jsonscan *s, struct err *err)
{
	char **text = field_place(f, object);
	struct json_span value;

	if (jsonscan_value(s, &value) < 0)
		return s->error;
	free(*text);
	*text = json_text_new(&value);
	if (*text != NULL)
		return field_check_form(f, *text, err);
	return value.type == JSON_NULL ? 0 : field_refuse(err, "no text");
}

static void
put_text(const struct field *f, const void *object, struct jsonwrite *w)
{
	jsonwrite_text(w, field_pointer(f, object));
}

const struct field_type field_text = {
    sizeof(char *), take_text, put_text, field_is_null, field_free};

static int
take_bool(
    const struct field *f, void *object, struct jsonscan *s, struct err *err)
{
	bool *truth = field_place(f, object);
	struct json_span value;

	if (jsonscan_value(s, &value) < 0)
		return s->error;
	*truth = value.type == JSON_TRUE;
	return *truth || value.type == JSON_FALSE
	    ? 0
	    : field_refuse(err, "neither true nor false");
}

static bool
is_false(const struct field *f, const void *object)
{
	return !*(const bool *)field_const_place(f, object);
}

static void
put_bool(const struct field *f, const void *object, struct jsonwrite *w)
{
	jsonwrite_bool(w, !is_false(f, object));
}

const struct field_type field_bool = {
    sizeof(bool), take_bool, put_bool, is_false, NULL};

static int
take_int(
    const struct field *f, void *object, struct jsonscan *s, struct err *err)
{
	const struct field_range *range = f->range;
	int64_t *number = field_place(f, object);
	struct json_span value;
	int result;

	if (jsonscan_value(s, &value) < 0)
		return s->error;
	result = json_int64(&value, number);
	if (result == -EINVAL)
		return field_refuse(err, "no integer");
	if (result < 0 ||
	    (range != NULL && (*number < range->min || *number > range->max)))
		return field_refuse(err, "out of range");
	return 0;
}

static void
put_int(const struct field *f, const void *object, struct jsonwrite *w)
{
	jsonwrite_int(w, *(const int64_t *)field_const_place(f, object));
}

static bool
is_no_int(const struct field *f, const void *object)
{
	return *(const int64_t *)field_const_place(f, object) == f->none;
}

const struct field_type field_int = {
    sizeof(int64_t), take_int, put_int, is_no_int, NULL};

/* An enum is as long as an int. */
static int
take_word(
    const struct field *f, void *object, struct jsonscan *s, struct err *err)
{
	struct json_span value;

	if (jsonscan_value(s, &value) < 0)
		return s->error;
	for (int i = 0; f->words[i] != NULL; i++)
		if (json_is(&value, f->words[i])) {
			memcpy(field_place(f, object), &i, sizeof i);
			return 0;
		}
	return field_refuse(err, "an unknown word");
}

static void
put_word(const struct field *f, const void *object, struct jsonwrite *w)
{
	int i;

	memcpy(&i, field_const_place(f, object), sizeof i);
	jsonwrite_text(w, f->words[i]);
}

const struct field_type field_word = {
    sizeof(int), take_word, put_word, NULL, NULL};

int
field_number(const struct json_span *value, double *number)
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

static int
take_double(
    const struct field *f, void *object, struct jsonscan *s, struct err *err)
{
	struct json_span value;

	if (jsonscan_value(s, &value) < 0)
		return s->error;
	return field_number(&value, field_place(f, object)) == 0
	    ? 0
	    : field_refuse(err, "no number");
}

static void
put_double(const struct field *f, const void *object, struct jsonwrite *w)
{
	jsonwrite_double(w, *(const double *)field_const_place(f, object));
}

const struct field_type field_double = {
    sizeof(double), take_double, put_double, NULL, NULL};
