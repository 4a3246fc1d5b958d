#include "tracker/mlflow/names.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "format/text.h"
#include "tracker/common/names.h"
#include "tracker/mlflow/limits.h"

/* "_" and the digest. */
#define SUFFIX_CHARACTERS (1 + NAMES_DIGEST_CHARACTERS)
/* What a changed component may have before its digest and a last character. */
#define COMPONENT_ROOM (MLFLOW_COMPONENT_BYTES - SUFFIX_CHARACTERS - 4)
/* The name of a value stays readable to here, however long its prefix is. */
#define LAST_CHARACTERS 120
/* A key of the most characters that stay, each of four bytes. */
#define KEY_MAX_BYTES (4 * MLFLOW_KEY_MAX)
/* The longest ending of a file's name. */
#define ENDING_MAX 8
#define TEXT_BYTES (1024 * 1024)

/* Letters and digits beyond ASCII in blocks that are nothing else, in every
 * version of Unicode since 3.2, so that the server's Python agrees. Rare ones
 * outside them are replaced, which is always safe. */
static const struct {
	uint32_t first, last;
} letters[] = {
    {0xc0, 0xd6},
    {0xd8, 0xf6},
    {0xf8, 0x220},
    {0x250, 0x2ad},
    {0x38e, 0x3a1},
    {0x3a3, 0x3ce},
    {0x400, 0x481},
    {0x48a, 0x4ce},
    {0x531, 0x556},
    {0x561, 0x587},
    {0x5d0, 0x5ea},
    {0x621, 0x63a},
    {0x671, 0x6d3},
    {0x905, 0x939},
    {0xe01, 0xe30},
    {0x10d0, 0x10f8},
    {0x1e00, 0x1e9b},
    {0x1ea0, 0x1ef9},
    {0x3041, 0x3096},
    {0x30a1, 0x30fa},
    {0x3105, 0x312c},
    {0x3400, 0x4db5},
    {0x4e00, 0x9fa5},
    {0xac00, 0xd7a3},
    {0xff21, 0xff3a},
    {0xff41, 0xff5a},
};

/* Letters and digits of ASCII, and what else a key may have. */
static const bool ascii[256] = {
    ['0' ... '9'] = true,
    ['A' ... 'Z'] = true,
    ['a' ... 'z'] = true,
    ['_'] = true,
    ['-'] = true,
    ['.'] = true,
    ['/'] = true,
    [':'] = true,
    [' '] = true,
};

static bool
is_key_character(uint32_t c)
{
	if (c < 0x80)
		return ascii[c];
	for (size_t i = 0; i < sizeof letters / sizeof letters[0]; i++)
		if (c >= letters[i].first && c <= letters[i].last)
			return true;
	return false;
}

/* Does it look as if it had been changed? */
static bool
has_digest(const char *component, size_t len)
{
	return names_has_digest(component, len) &&
	    memchr(component, '_', len - NAMES_DIGEST_CHARACTERS) != NULL;
}

/* Is the segment that ends here (in the text) one that names nothing? */
static bool
segment_is_bad(const char *segment, size_t len)
{
	return len == 0 || (len == 1 && segment[0] == '.') ||
	    (len == 2 && memcmp(segment, "..", 2) == 0);
}

static bool
component_is_fine(const char *component, size_t len)
{
	const char *end = component + len;

	if (segment_is_bad(component, len) || len > MLFLOW_COMPONENT_BYTES ||
	    has_digest(component, len))
		return false;
	while (component < end)
		if (ascii[(unsigned char)*component])
			component++;
		else if (!is_key_character(text_next(&component)))
			return false;
	return true;
}

static bool
key_is_fine(const char *key)
{
	const char *at = key;

	for (;;) {
		size_t len = (size_t)(strchrnul(at, '/') - at);

		if (!component_is_fine(at, len))
			return false;
		if (at[len] == '\0')
			return text_length(key) <= MLFLOW_KEY_MAX;
		at += len + 1;
	}
}

/* At most `max` characters of it, `_` for what may not stay,
 * and the digest of the whole. */
static void
put_changed(struct buf *out, const char *component, size_t len, size_t max)
{
	const char *end = component + len, *at = component;
	size_t start = out->len;

	for (size_t n = 0;
	     at < end && n < max && out->len - start < COMPONENT_ROOM; n++) {
		uint32_t c = text_next(&at);

		text_put(out, c != '/' && is_key_character(c) ? c : '_');
	}
	if (out->len == start ||
	    memchr(out->data + start, '_', out->len - start) == NULL)
		buf_addc(out, '_');
	names_put_digest(out, component, len);
}

void
mlflow_component(struct buf *out, const char *component, size_t len)
{
	put_changed(out, component, len, MLFLOW_KEY_MAX);
}

/* Every component by itself. */
static void
put_components(struct buf *out, const char *key)
{
	for (;;) {
		size_t len = (size_t)(strchrnul(key, '/') - key);

		if (component_is_fine(key, len))
			buf_add(out, key, len);
		else
			mlflow_component(out, key, len);
		if (key[len] == '\0')
			return;
		buf_addc(out, '/');
		key += len + 1;
	}
}

/* The last component keeps what it can, what is before it gives way as one. */
static void
put_short(struct buf *out, const char *key)
{
	const char *slash = strrchr(key, '/');
	const char *last = slash != NULL ? slash + 1 : key;
	size_t max = MLFLOW_KEY_MAX - SUFFIX_CHARACTERS;
	struct buf end;

	buf_init(&end, KEY_MAX_BYTES);
	if (slash != NULL)
		max = LAST_CHARACTERS - SUFFIX_CHARACTERS;
	if (component_is_fine(last, strlen(last)) &&
	    text_length(last) <= max + SUFFIX_CHARACTERS)
		buf_adds(&end, last);
	else
		put_changed(&end, last, strlen(last), max);
	if (slash != NULL) {
		put_changed(out, key, (size_t)(slash - key),
		    MLFLOW_KEY_MAX - SUFFIX_CHARACTERS - 1 -
			text_length(end.data));
		buf_addc(out, '/');
	}
	buf_add(out, end.data, end.len);
	buf_release(&end);
}

bool
mlflow_key(struct buf *out, const char *prefix, const char *name)
{
	size_t start = out->len;
	char *original;

	/* Nearly every key is fine as it is: it is looked at where it goes. */
	if (strlen(prefix) + strlen(name) <= KEY_MAX_BYTES) {
		buf_adds(out, prefix);
		buf_adds(out, name);
		if (key_is_fine(out->data + start))
			return false;
		buf_truncate(out, start);
	}
	original = xasprintf("%s%s", prefix, name);
	if (strlen(original) <= KEY_MAX_BYTES)
		put_components(out, original);
	if (out->len == start ||
	    text_length(out->data + start) > MLFLOW_KEY_MAX) {
		buf_truncate(out, start);
		put_short(out, original);
	}
	free(original);
	return true;
}

char *
mlflow_key_note(const char *prefix, const char *name, const char *key)
{
	return xasprintf("%s%.*s: stands as %s: MLflow refuses that name, or "
			 "may have it for another one",
	    prefix, MLFLOW_KEY_MAX, name, key);
}

bool
mlflow_text(struct buf *out, const char *text, size_t max)
{
	const char *p = text;
	struct buf cut;
	size_t n = 0;

	while (*p != '\0' && n < max) {
		text_next(&p);
		n++;
	}
	if (*p == '\0') {
		text_to_utf8(out, text);
		return false;
	}
	buf_init(&cut, (size_t)(p - text));
	buf_add(&cut, text, (size_t)(p - text));
	text_to_utf8(out, cut.data);
	buf_release(&cut);
	return true;
}

void
mlflow_text_member(
    struct jsonwrite *w, const char *key, const char *text, size_t max)
{
	struct buf value;

	if (text == NULL)
		return;
	buf_init(&value, TEXT_BYTES);
	mlflow_text(&value, text, max);
	jsonwrite_text_member(w, key, value.data);
	buf_release(&value);
}

/* Server and client decode percent escapes once more, refuse or cut at `#`, and
 * take `\` for a separator on some systems. */
static bool
is_artifact_character(char c)
{
	return (unsigned char)c >= 0x20 && c != 0x7f && c != '#' && c != '\\' &&
	    c != '%';
}

/* ".html": where it is at the end of a component, it stays there, because pages
 * show a file by it. Returns the place of its dot. */
static size_t
ending_at(const char *component, size_t len)
{
	size_t at = len;

	while (at > 0 && len - at < ENDING_MAX &&
	    isalnum((unsigned char)component[at - 1]))
		at--;
	return at > 1 && at < len && component[at - 1] == '.' ? at - 1 : len;
}

/* Returns whether the component was changed. */
static bool
put_artifact_component(struct buf *out, const char *component, size_t len)
{
	size_t stem = ending_at(component, len), start = out->len;
	char *text = xstrndup(component, len);
	bool changed = segment_is_bad(component, len);
	struct buf utf8;

	buf_init(&utf8, 2 * len + 1);
	buf_adds(&utf8, "");
	text_to_utf8(&utf8, text);
	changed |= strcmp(utf8.data, text) != 0 || has_digest(component, stem);
	free(text);
	/* What is behind the stem is as long in both. */
	for (size_t i = 0; i < utf8.len - (len - stem); i++) {
		char c = utf8.data[i];

		changed |= !is_artifact_character(c);
		buf_addc(out, is_artifact_character(c) ? c : '_');
	}
	if (segment_is_bad(component, len)) {
		buf_truncate(out, start);
		buf_addc(out, '_');
	}
	if (changed && memchr(out->data + start, '_', out->len - start) == NULL)
		buf_addc(out, '_');
	if (changed)
		names_put_digest(out, component, len);
	buf_add(out, component + stem, len - stem);
	buf_release(&utf8);
	return changed;
}

bool
mlflow_artifact_name(struct buf *out, const char *name)
{
	bool changed = false;

	for (;;) {
		size_t len = (size_t)(strchrnul(name, '/') - name);

		changed |= put_artifact_component(out, name, len);
		if (name[len] == '\0')
			return changed;
		buf_addc(out, '/');
		name += len + 1;
	}
}
