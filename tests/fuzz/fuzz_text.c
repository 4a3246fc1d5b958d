/*
 * Bytes as text, text as a path, as a line for a terminal, as a part of a path:
 * each way holds what its header promises.
 */
#include <limits.h>

#include "base/path.h"
#include "base/uri.h"
#include "format/text.h"
#include "http/http.h"
#include "tests/fuzz/fuzz.h"
#include "tracker/common/artifact_copy.h"
#include "tracker/mlflow/names.h"

#define OUT_MAX ((size_t)1 << 26)

/* A path becomes a text and the same path again. */
static void
check_path(const char *path)
{
	char *text = text_path_text(path), *again;

	again = text_path_bytes(text);
	expect(again != NULL && strcmp(again, path) == 0);
	free(again);
	free(text);
}

/* Nothing moves the cursor or ends the line. */
static void
check_escaped(const char *text)
{
	struct buf out, utf8;

	buf_init(&out, OUT_MAX);
	buf_init(&utf8, OUT_MAX);
	expect(text_escape(&out, text) == 0);
	for (const char *p = out.data; *p != '\0';) {
		uint32_t c = text_next(&p);

		expect(c >= 0x20 && c != 0x7f && (c < 0x80 || c >= 0xa0));
		expect(c < 0xd800 || c > 0xdfff);
	}
	expect(text_to_utf8(&utf8, text) == 0);
	expect(text_length(utf8.data) == text_length(text));
	buf_release(&utf8);
	buf_release(&out);
}

/* One name, never of a directory above, and no escape of its own. */
static void
check_component(const char *name, size_t len)
{
	expect(len > 0 && len <= 200);
	expect(memchr(name, '/', len) == NULL);
	expect(!(len == 1 && name[0] == '.'));
	expect(!(len == 2 && name[0] == '.' && name[1] == '.'));
}

static void
check_names(const char *text)
{
	char *component = path_encode(text), *name = local_copy_name(text);
	struct buf out;
	const char *at = name;

	check_component(component, strlen(component));
	expect(strlen(name) <= PATH_MAX);
	for (;;) {
		size_t len = strcspn(at, "/");

		check_component(at, len);
		if (at[len] == '\0')
			break;
		at += len + 1;
	}
	buf_init(&out, OUT_MAX);
	mlflow_artifact_name(&out, text);
	expect(out.len > 0 && out.data[0] != '/');
	expect(strcmp(out.data, "..") != 0 &&
	    strncmp(out.data, "../", 3) != 0 &&
	    strstr(out.data, "/../") == NULL);
	buf_reset(&out);
	mlflow_key(&out, "", text);
	expect(text_length(out.data) <= 250 && out.data[0] != '/');
	buf_release(&out);
	free(component);
	free(name);
}

static void
check_url(const char *text)
{
	struct buf escaped;
	char *again;

	buf_init(&escaped, OUT_MAX);
	expect(http_escape(&escaped, text, "/") == 0);
	for (size_t i = 0; i < escaped.len; i++)
		expect(escaped.data[i] > ' ' && escaped.data[i] < 0x7f);
	again = xstrdup(escaped.data);
	uri_unescape(again);
	expect(strcmp(again, text) == 0);
	free(again);
	buf_release(&escaped);
	again = xstrdup(text);
	uri_unescape(again);
	expect(strlen(again) <= strlen(text));
	free(again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *bytes = xstrndup((const char *)data, size);
	struct buf text;

	buf_init(&text, OUT_MAX);
	expect(text_from_bytes(&text, (const char *)data, size) == 0);
	expect(strlen(text.data) == text.len);
	check_escaped(text.data);
	check_escaped(bytes);
	check_names(text.data);
	check_names(bytes);
	check_path(bytes);
	check_url(bytes);
	buf_release(&text);
	free(bytes);
	return 0;
}
