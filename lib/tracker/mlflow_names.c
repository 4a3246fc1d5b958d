#include "tracker/mlflow_names.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "format/text.h"

/* "-" and eight digits. */
#define SUFFIX_CHARACTERS 9
/* What a changed component may have before its digest and a last character. */
#define COMPONENT_ROOM (MLFLOW_COMPONENT_BYTES - SUFFIX_CHARACTERS - 4)
/* A key of the most characters that stay, each of four bytes. */
#define KEY_MAX_BYTES (4 * MLFLOW_KEY_MAX)
/* An artifact's name while it is looked at. */
#define ORIGINAL_MAX_BYTES (64 * 1024)

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

/* FNV-1a: no secret is kept, two names only have to differ. */
static uint32_t
digest(const char *text)
{
	uint32_t hash = 2166136261u;

	for (; *text != '\0'; text++)
		hash = (hash ^ (unsigned char)*text) * 16777619u;
	return hash;
}

/* Is the segment that ends here (in the text) one that names nothing? */
static bool
segment_is_bad(const char *segment, size_t len)
{
	return len == 0 || (len == 1 && segment[0] == '.') ||
	    (len == 2 && memcmp(segment, "..", 2) == 0);
}

static bool
has_bad_segment(const char *path)
{
	for (;;) {
		size_t len = (size_t)(strchrnul(path, '/') - path);

		if (segment_is_bad(path, len) || len > MLFLOW_COMPONENT_BYTES)
			return true;
		if (path[len] == '\0')
			return false;
		path += len + 1;
	}
}

static bool
key_is_fine(const char *key)
{
	size_t n = 0;

	if (has_bad_segment(key))
		return false;
	for (; *key != '\0'; n++)
		if (ascii[(unsigned char)*key])
			key++;
		else if (!is_key_character(text_next(&key)))
			return false;
	return n <= MLFLOW_KEY_MAX;
}

/* Writes the key with `_` for what may not stay, at most max characters. The
 * last segment becomes a name by the digest that follows. */
static void
put_replaced(struct buf *out, const char *key, size_t max)
{
	size_t segment = out->len;

	for (size_t n = 0; *key != '\0' && n < max; n++) {
		uint32_t c = text_next(&key);
		size_t len = out->len - segment;

		if (c == '/') {
			if (segment_is_bad(out->data + segment, len)) {
				buf_addc(out, '_');
				n++;
			}
			buf_addc(out, '/');
			segment = out->len;
		} else if (len < COMPONENT_ROOM) {
			text_put(out, is_key_character(c) ? c : '_');
		}
	}
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
	put_replaced(out, original, MLFLOW_KEY_MAX - SUFFIX_CHARACTERS - 1);
	buf_addf(out, "-%08x", digest(original));
	free(original);
	return true;
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

/* Server and client decode percent escapes once more, refuse or cut at `#`, and
 * take `\` for a separator on some systems. */
static bool
is_artifact_character(char c)
{
	return (unsigned char)c >= 0x20 && c != 0x7f && c != '#' && c != '\\' &&
	    c != '%';
}

bool
mlflow_artifact_name(struct buf *out, const char *name)
{
	size_t start = out->len;
	struct buf utf8;
	bool changed = false;

	buf_init(&utf8, ORIGINAL_MAX_BYTES);
	text_to_utf8(&utf8, name);
	for (const char *p = utf8.data;; p++) {
		size_t len = out->len - start;

		if ((*p == '/' || *p == '\0') &&
		    segment_is_bad(out->data + start, len)) {
			buf_truncate(out, start);
			buf_addc(out, '_');
			changed = true;
		}
		if (*p == '\0')
			break;
		if (!is_artifact_character(*p))
			changed = true;
		buf_addc(out, is_artifact_character(*p) ? *p : '_');
		if (*p == '/')
			start = out->len;
	}
	buf_release(&utf8);
	return changed;
}
