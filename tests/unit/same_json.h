/*
 * A document read twice, by our scanner and by cJSON: are both the same?
 */
#ifndef TESTS_SAME_JSON_H
#define TESTS_SAME_JSON_H

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "format/jsonscan.h"

static bool same_json(const struct json_span *span, const cJSON *item);

static bool
same_json_text(const struct json_span *span, const char *text)
{
	char *ours = json_text_new(span);
	bool same = ours != NULL && text != NULL && strcmp(ours, text) == 0;

	free(ours);
	return same;
}

/* NaN and infinities may be strings, as lib/foreign/json.h has them. */
static bool
same_json_number(const struct json_span *span, const cJSON *item)
{
	double value = 0;

	json_double(span, &value);
	if (cJSON_IsString(item))
		return item->valuestring[0] == '-' ? value == -INFINITY
		    : item->valuestring[0] == 'N'  ? isnan(value)
						   : value == INFINITY;
	return cJSON_IsNumber(item) && item->valuedouble == value;
}

static bool
same_json_members(const struct json_span *span, const cJSON *item)
{
	bool object = span->type == JSON_OBJECT, same;
	const cJSON *child = item->child;
	struct json_span key, value;
	struct jsonscan s;

	jsonscan_init_span(&s, span);
	jsonscan_enter(&s, object ? '{' : '[');
	while (
	    (object ? jsonscan_member(&s, &key) : jsonscan_element(&s)) > 0) {
		jsonscan_value(&s, &value);
		same = child != NULL &&
		    (!object || same_json_text(&key, child->string)) &&
		    same_json(&value, child);
		if (!same)
			return false;
		child = child->next;
	}
	return child == NULL;
}

static bool
same_json(const struct json_span *span, const cJSON *item)
{
	switch (span->type) {
	case JSON_NULL:
		return cJSON_IsNull(item);
	case JSON_FALSE:
		return cJSON_IsFalse(item);
	case JSON_TRUE:
		return cJSON_IsTrue(item);
	case JSON_INTEGER:
	case JSON_DOUBLE:
		return same_json_number(span, item);
	case JSON_STRING:
		return cJSON_IsString(item) &&
		    same_json_text(span, item->valuestring);
	case JSON_ARRAY:
		return cJSON_IsArray(item) && same_json_members(span, item);
	default:
		return cJSON_IsObject(item) && same_json_members(span, item);
	}
}

#endif
