#include "tracker/common/names.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "format/text.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* By FNV-1a: no secret is kept, two names only have to differ. The first is a
 * letter, so that dates and numbers stay what they are. */
void
names_put_digest(struct buf *out, const char *component, size_t len)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)component[i]) * 16777619u;
	buf_addf(
	    out, "-%c%07x", (char)('a' + (hash >> 28) % 6), hash & 0xfffffff);
}

bool
names_has_digest(const char *component, size_t len)
{
	const char *at = component + len - NAMES_DIGEST_CHARACTERS;

	if (len <= NAMES_DIGEST_CHARACTERS || at[0] != '-' || at[1] < 'a')
		return false;
	for (size_t i = 1; i < NAMES_DIGEST_CHARACTERS; i++)
		if (strchr("0123456789abcdef", at[i]) == NULL)
			return false;
	return true;
}

/* `utf8`: the component as valid UTF-8. */
static bool
must_change(const char *component, size_t len, const char *utf8)
{
	return strlen(utf8) != len || memcmp(utf8, component, len) != 0 ||
	    (strstr(utf8, REPLACEMENT) != NULL &&
		names_has_digest(component, len));
}

/* Most names have neither: what can't stand in UTF-8 begins with one of these
 * bytes, and a replacement with the third. */
static bool
is_plain(const char *name)
{
	return name[strcspn(name, "\xc0\xed\xef")] == '\0';
}

bool
names_utf8(struct buf *out, const char *name)
{
	bool changed = false;

	if (is_plain(name)) {
		buf_adds(out, name);
		return false;
	}
	for (;; name++) {
		size_t len = (size_t)(strchrnul(name, '/') - name);
		char *component = xstrndup(name, len);
		struct buf utf8;

		buf_init(&utf8, 2 * len + 1);
		buf_adds(&utf8, "");
		text_to_utf8(&utf8, component);
		buf_add(out, utf8.data, utf8.len);
		if (must_change(component, len, utf8.data)) {
			names_put_digest(out, component, len);
			changed = true;
		}
		buf_release(&utf8);
		free(component);
		name += len;
		if (*name == '\0')
			return changed;
		buf_addc(out, '/');
	}
}
