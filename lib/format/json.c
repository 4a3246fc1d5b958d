#include "format/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"

int
json_document(
    const char *bytes, size_t len, struct json_span *root, struct err *err)
{
	struct jsonscan s;

	*root = (struct json_span){0};
	jsonscan_init(&s, bytes, len);
	if (jsonscan_value(&s, root) < 0 || jsonscan_end(&s) < 0) {
		*root = (struct json_span){0};
		return err_set(err, -EBADMSG, "not JSON (at byte %zu)",
		    jsonscan_offset(&s));
	}
	return 0;
}

static struct json_span
element(const struct json_span *array, size_t index)
{
	struct json_span value = {0};
	struct jsonscan s;

	jsonscan_init_span(&s, array);
	if (jsonscan_enter(&s, '[') < 0)
		return value;
	while (jsonscan_element(&s) > 0) {
		if (jsonscan_value(&s, &value) < 0)
			break;
		if (index-- == 0)
			return value;
	}
	return (struct json_span){0};
}

struct json_span
json_at(const struct json_span *root, const char *path)
{
	struct json_span at = *root;

	while (*path != '\0' && at.type != JSON_NONE) {
		size_t len = strcspn(path, ".");
		char *part = xstrndup(path, len);

		if (at.type == JSON_ARRAY)
			at = element(&at, strtoul(part, NULL, 10));
		else
			at = json_member(&at, part);
		free(part);
		path += len;
		if (*path == '.')
			path++;
	}
	return at;
}

char *
json_at_text(const struct json_span *root, const char *path)
{
	struct json_span at = json_at(root, path);

	return json_text_new(&at);
}

bool
json_at_is(const struct json_span *root, const char *path, const char *text)
{
	struct json_span at = json_at(root, path);

	return json_is(&at, text);
}
