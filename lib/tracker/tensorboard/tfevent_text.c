/* Makes text that TensorBoard shows as it is. Its Markdown takes any text
 * in a code span, in a table cell too, if the span's fence is longer than
 * every run of backticks inside; nothing else needs an escape, and
 * escapes would be shown. */
#include <string.h>

#include "format/text.h"
#include "tracker/tensorboard/tfevent.h"

#define LINE_SEPARATOR      0x2028
#define PARAGRAPH_SEPARATOR 0x2029
#define REPLACEMENT         0xFFFD

static bool
is_blanked(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == LINE_SEPARATOR ||
	    c == PARAGRAPH_SEPARATOR;
}

static bool
is_surrogate(uint32_t c)
{
	return c >= 0xd800 && c <= 0xdfff;
}

static size_t
longest_run(const char *text)
{
	size_t run = 0, longest = 0;

	for (; *text != '\0'; text++) {
		run = *text == '`' ? run + 1 : 0;
		if (run > longest)
			longest = run;
	}
	return longest;
}

static void
add_fence(struct buf *out, size_t len)
{
	while (len-- > 0)
		buf_addc(out, '`');
}

bool
tfevent_code_span(struct buf *out, const char *text)
{
	size_t ticks = longest_run(text);
	bool valid = true;
	uint32_t c;

	if (*text == '\0')
		return true;
	add_fence(out, ticks + 1);
	if (ticks > 0)
		buf_addc(out, ' ');
	while (*text != '\0') {
		c = text_next(&text);
		if (is_surrogate(c)) {
			c = REPLACEMENT;
			valid = false;
		}
		if (is_blanked(c))
			buf_addc(out, ' ');
		else
			text_put(out, c);
	}
	if (ticks > 0)
		buf_addc(out, ' ');
	add_fence(out, ticks + 1);
	return valid;
}
