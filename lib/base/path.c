#include "base/path.h"

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/die.h"
#include "base/file.h"
#include "base/hash.h"

/* File systems take names of 255 bytes; the remaining bytes are for endings
 * that others append ("-2", ".tmp"). */
#define COMPONENT_MAX 200
/* "%~" and 64 bits in hexadecimal. */
#define DIGEST_LEN 18

char *
path_join(const char *dir, const char *name)
{
	size_t len = strlen(dir);

	if (name[0] == '/' || len == 0)
		return xstrdup(name);
	return xasprintf("%s%s%s", dir, dir[len - 1] == '/' ? "" : "/", name);
}

static void
trim_slashes(char *path)
{
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		path[--len] = '\0';
}

char *
path_absolute(const char *path)
{
	char *cwd, *result;

	if (path[0] == '/') {
		result = xstrdup(path);
	} else {
		cwd = getcwd(NULL, 0);
		if (cwd == NULL)
			return NULL;
		result = path_join(cwd, path);
		free(cwd);
	}
	trim_slashes(result);
	return result;
}

char *
path_real(const char *path, struct err *err)
{
	char *at = path_absolute(path), *rest = xstrdup(""), *real, *joined;
	int code = 0;

	if (at == NULL)
		at = xstrdup(path);
	while ((real = realpath(at, NULL)) == NULL && strcmp(at, "/") != 0 &&
	    strcmp(at, ".") != 0) {
		char *parent;

		/* It may be there, and lead elsewhere. */
		if (file_is_unknown(-errno)) {
			code = err_errno(err, "%s", at);
			break;
		}
		parent = path_parent(at);

		joined = rest[0] != '\0' ? path_join(path_base(at), rest)
					 : xstrdup(path_base(at));
		free(rest);
		rest = joined;
		free(at);
		at = parent;
	}
	if (real == NULL)
		real = xstrdup(at);
	if (code < 0)
		joined = NULL;
	else
		joined =
		    rest[0] != '\0' ? path_join(real, rest) : xstrdup(real);
	free(real);
	free(rest);
	free(at);
	return joined;
}

char *
path_parent(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *parent;

	if (slash == NULL)
		return xstrdup(".");
	parent = xstrndup(path, slash == path ? 1 : (size_t)(slash - path));
	trim_slashes(parent);
	return parent;
}

const char *
path_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

/* The length in bytes of the character at `p` if it may stand for itself, else
 * 0: then its first byte is written as %XX (and the other bytes of a longer
 * character are as well, because no character begins with them). */
static size_t
plain_length(const unsigned char *p)
{
	size_t len, i;

	if (p[0] < 0x80)
		return p[0] >= ' ' && p[0] != 0x7F && p[0] != '/' &&
		    p[0] != '%';
	/* C0 80 is U+0000; C2 80 .. C2 9F are control characters. */
	if (p[0] < 0xC2 || p[0] > 0xF4 || (p[0] == 0xC2 && p[1] < 0xA0))
		return 0;
	/* ED A0 .. ED BF are surrogates. */
	if ((p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F) ||
	    (p[0] == 0xF0 && p[1] < 0x90) || (p[0] == 0xF4 && p[1] > 0x8F))
		return 0;
	len = p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
	for (i = 1; i < len; i++)
		if ((p[i] & 0xC0) != 0x80)
			return 0;
	return len;
}

/* Adds the text's characters; returns the length at which a digest of
 * DIGEST_LEN bytes could still follow. */
static size_t
add_characters(struct buf *out, const char *text)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t cut = 0, len;

	while (*p != '\0') {
		len = plain_length(p);
		if (len > 0) {
			buf_add(out, p, len);
			p += len;
		} else if (p[0] == 0xC0 && p[1] == 0x80) {
			buf_adds(out, "%00");
			p += 2;
		} else {
			buf_addf(out, "%%%02X", *p++);
		}
		if (out->len <= COMPONENT_MAX - DIGEST_LEN)
			cut = out->len;
	}
	return cut;
}

char *
path_encode(const char *text)
{
	struct buf out;
	size_t cut;

	if (text[0] == '\0')
		return xstrdup("%");
	if (strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
		return xasprintf("%%2E%s", text + 1);
	buf_init(&out, strlen(text) * 3);
	cut = add_characters(&out, text);
	if (out.len > COMPONENT_MAX) {
		buf_truncate(&out, cut);
		buf_addf(
		    &out, "%%~%016" PRIx64, hash_bytes(text, strlen(text)));
	}
	return buf_steal(&out);
}

/* Of "%XX" the byte, which must be upper case; else -1. */
static int
escaped(const char *at)
{
	static const char digits[] = "0123456789ABCDEF";
	const char *high, *low;

	if (at[0] != '%' || at[1] == '\0' || at[2] == '\0')
		return -1;
	high = strchr(digits, at[1]);
	low = strchr(digits, at[2]);
	return high != NULL && low != NULL
	    ? (int)((high - digits) * 16 + (low - digits))
	    : -1;
}

char *
path_decode(const char *component)
{
	struct buf out;
	char *text, *again;
	bool same;

	buf_init(&out, strlen(component) + 1);
	buf_adds(&out, "");
	for (const char *at = component; *at != '\0'; at++) {
		int byte = escaped(at);

		buf_addc(&out, byte < 0 ? *at : (char)byte);
		at += byte < 0 ? 0 : 2;
	}
	text = strcmp(component, "%") == 0 ? xstrdup("") : buf_steal(&out);
	buf_release(&out);
	/* The encoding is the only one of its text. */
	again = path_encode(text);
	same = strcmp(again, component) == 0;
	free(again);
	if (same)
		return text;
	free(text);
	return NULL;
}
