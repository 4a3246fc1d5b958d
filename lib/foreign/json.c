#include "foreign/json.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/die.h"
#include "format/text.h"

#define HEX "0123456789abcdefABCDEF"
/* A byte that is not UTF-8 becomes the three of U+FFFD; NaN gets quotes. */
#define GROWTH_MAX 3

/* The code unit of the escape \uXXXX at p; -1: there is none. */
static int
code_unit(const char *p)
{
	char digits[5] = "";

	if (p[0] != '\\' || p[1] != 'u' || strspn(p + 2, HEX) < 4)
		return -1;
	memcpy(digits, p + 2, 4);
	return (int)strtoul(digits, NULL, 16);
}

/* Appends the escape at p (a backslash) and returns the place behind it. cJSON
 * ends a string at U+0000 and refuses a document with a lone surrogate: both are
 * put as they stand in a text. */
static const char *
put_escape(struct buf *out, const char *p)
{
	int unit = code_unit(p), second;
	size_t len = 6;

	if (unit < 0) {
		len = p[1] != '\0' ? 2 : 1;
	} else if (unit >= 0xd800 && unit <= 0xdfff) {
		second = unit < 0xdc00 ? code_unit(p + 6) : -1;
		if (second < 0xdc00 || second > 0xdfff) {
			text_put(out, (uint32_t)unit);
			return p + len;
		}
		len = 12;
	} else if (unit == 0) {
		text_put(out, 0);
		return p + len;
	}
	buf_add(out, p, len);
	return p + len;
}

/* What stands at p outside of strings, where cJSON knows no NaN. */
static const char *
put_word(struct buf *out, const char *p)
{
	static const char *const words[] = {"NaN", "Infinity", "-Infinity"};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strncmp(p, words[i], strlen(words[i])) == 0) {
			buf_addf(out, "\"%s\"", words[i]);
			return p + strlen(words[i]);
		}
	buf_addc(out, *p);
	return p + 1;
}

/* Appends the document as cJSON takes it; returns how many values it has at
 * most. */
static size_t
prepare(struct buf *out, const char *p)
{
	bool within = false;
	size_t values = 1;

	for (;;) {
		size_t run = strcspn(p, within ? "\"\\" : "\"-IN,[{");

		buf_add(out, p, run);
		p += run;
		if (*p == '\0')
			return values;
		values += !within && strchr(",[{", *p) != NULL;
		if (*p == '"') {
			within = !within;
			buf_addc(out, *p++);
		} else if (within) {
			p = put_escape(out, p);
		} else {
			p = put_word(out, p);
		}
	}
}

static int
parse(const struct buf *text, cJSON **root, struct err *err)
{
	cJSON_Hooks hooks = {xmalloc, free};
	const char *end = NULL;

	cJSON_InitHooks(&hooks);
	*root = cJSON_ParseWithLengthOpts(text->data, text->len + 1, &end, 1);
	if (*root != NULL)
		return 0;
	return err_set(err, -EBADMSG, "not JSON (at byte %zu of %zu)",
	    end != NULL ? (size_t)(end - text->data) : 0, text->len);
}

int
json_document(const char *bytes, size_t len, cJSON **root, struct err *err)
{
	size_t max = GROWTH_MAX * len + 1;
	struct buf text, ready;
	int result;

	*root = NULL;
	buf_init(&text, max);
	buf_init(&ready, max);
	text_from_bytes(&text, bytes, len);
	buf_adds(&ready, "");
	if (len > 0 && prepare(&ready, text.data) > JSON_VALUES_MAX)
		result = err_set(
		    err, -EMSGSIZE, "more than %zu values", JSON_VALUES_MAX);
	else
		result = parse(&ready, root, err);
	buf_release(&text);
	buf_release(&ready);
	return result;
}

static const cJSON *
member(const cJSON *object, const char *name, size_t len)
{
	const cJSON *child, *found = NULL;

	cJSON_ArrayForEach (child, object)
		if (strncmp(child->string, name, len) == 0 &&
		    child->string[len] == '\0')
			found = child;
	return found;
}

const cJSON *
json_at(const cJSON *root, const char *path)
{
	const cJSON *at = root;

	while (*path != '\0' && at != NULL) {
		size_t len = strcspn(path, ".");

		if (cJSON_IsObject(at))
			at = member(at, path, len);
		else
			at = cJSON_GetArrayItem(
			    at, (int)strtoul(path, NULL, 10));
		path += len;
		if (*path == '.')
			path++;
	}
	return at;
}

const char *
json_at_text(const cJSON *root, const char *path)
{
	return cJSON_GetStringValue(json_at(root, path));
}

char *
json_at_text_new(const cJSON *root, const char *path)
{
	const char *found = json_at_text(root, path);

	return found != NULL ? xstrdup(found) : NULL;
}

bool
json_at_is(const cJSON *root, const char *path, const char *text)
{
	const char *found = json_at_text(root, path);

	return found != NULL && strcmp(found, text) == 0;
}
