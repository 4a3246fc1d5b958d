#include "wrap/attempt/stdout_line.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "format/jsonscan.h"

static bool
number_of(const struct json_span *value, double *number)
{
	if (value->type == JSON_TRUE || value->type == JSON_FALSE) {
		*number = value->type == JSON_TRUE;
		return true;
	}
	return json_double(value, number) == 0;
}

/* Puts a number. If a name comes twice, the last number counts, in the place of
 * the first. */
static void
put(struct entry *e, const char *name, double number)
{
	for (size_t i = 0; i < e->metrics.len; i++)
		if (strcmp(e->metrics.list[i].name, name) == 0) {
			e->metrics.list[i].value = number;
			return;
		}
	entry_add_metric(e, name, number);
}

size_t
lastline_read(
    const char *line, size_t len, const char *prefix, struct entry *metrics)
{
	struct json_span root, key, value;
	struct jsonscan s;
	double number;

	if (jsonscan_whole(line, len, &root) < 0 || root.type != JSON_OBJECT)
		return 0;
	jsonscan_init_span(&s, &root);
	jsonscan_enter(&s, '{');
	while (
	    jsonscan_member(&s, &key) > 0 && jsonscan_value(&s, &value) == 0) {
		char *text = json_text_new(&key), *name;

		if (text[0] != '\0' && number_of(&value, &number)) {
			name = xasprintf("%s%s", prefix, text);
			put(metrics, name, number);
			free(name);
		}
		free(text);
	}
	return metrics->metrics.len;
}
