#include <errno.h>
#include <stdlib.h>

#include "format/text.h"
#include "format/width.h"
#include "tap.h"

#define MAX 1024

static void
is_bytes(const struct buf *got, const char *want, const char *name)
{
	if (!ok(strcmp(got->data, want) == 0 && got->len == strlen(want), "%s",
		name)) {
		for (size_t i = 0; i < got->len; i++)
			printf("# %02x", (unsigned char)got->data[i]);
		printf("\n");
	}
}

static void
bytes_case(const char *bytes, size_t len, const char *want, const char *name)
{
	struct buf b;

	buf_init(&b, MAX);
	text_from_bytes(&b, bytes, len);
	is_bytes(&b, want, name);
	buf_release(&b);
}

#define FFFD "\xEF\xBF\xBD"

static void
test_bytes(void)
{
	bytes_case("h\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80", 12,
	    "h\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80", "UTF-8 stays");
	bytes_case("a\0b", 3,
	    "a\xC0\x80"
	    "b",
	    "U+0000 is C0 80");
	bytes_case("\xFF\x80", 2, FFFD FFFD, "bytes that begin nothing");
	bytes_case("\xE2\x82", 2, FFFD, "a sequence cut by the end is one");
	bytes_case("\xF0\x9F\x98x", 4, FFFD "x", "or cut by a letter");
	bytes_case("\xE0\x80\x80", 3, FFFD FFFD FFFD, "an overlong form");
	bytes_case("\xC0\x80", 2, FFFD FFFD, "C0 80 in bytes is not U+0000");
	bytes_case("\xED\xA0\x80", 3, FFFD FFFD FFFD, "a surrogate in bytes");
	bytes_case(
	    "\xF4\x90\x80\x80", 4, FFFD FFFD FFFD FFFD, "beyond U+10FFFF");
	bytes_case("\xE2\x82\xE2\x82\xAC", 5, FFFD "\xE2\x82\xAC",
	    "a good sequence behind a bad one");
}

static void
put_case(uint32_t code_point, const char *want)
{
	struct buf b;
	const char *p;

	buf_init(&b, MAX);
	text_put(&b, code_point);
	is_bytes(&b, want, "text_put");
	p = b.data;
	ok(text_next(&p) == code_point && p == b.data + b.len,
	    "and text_next reads U+%04X back", (unsigned)code_point);
	buf_release(&b);
}

static void
test_code_points(void)
{
	const char *p = "\xE2\x82";

	put_case('A', "A");
	put_case(0, "\xC0\x80");
	put_case(0x7FF, "\xDF\xBF");
	put_case(0x800, "\xE0\xA0\x80");
	put_case(0xD83D, "\xED\xA0\xBD");
	put_case(0xDFFF, "\xED\xBF\xBF");
	put_case(0xFFFF, "\xEF\xBF\xBF");
	put_case(0x10FFFF, "\xF4\x8F\xBF\xBF");
	ok(text_next(&p) == 0xFFFD && *p == '\0',
	    "what is no text is read as U+FFFD and not passed");
	is_int((long long)text_length("a\xC0\x80\xED\xA0\xBD\xF0\x9F\x98\x80"),
	    4, "length in code points");
}

static void
test_widths(void)
{
	/* a, a wide one, e with an accent of its own, an emoji, two that the C
	 * library does not know. */
	const char *text = "a\xE6\x97\xA5"
			   "e\xCC\x81\xF0\x9F\x98\x80\xED\xA0\xBD\x01";

	is_int((long long)text_width(text), 8, "width in columns");
	is_int((long long)text_width("\xE2\x96\x88\xE2\x80\xA6"), 2,
	    "a block and an ellipsis");
	is_int((long long)text_fit(text, 2), 1, "no half of a wide one");
	is_int((long long)text_fit(text, 4), 7, "an accent with its letter");
	is_int((long long)text_fit(text, 99), 15, "all");
	is_int((long long)text_fit(text, 0), 0, "nothing");
}

static void
test_paths(void)
{
	char *text = text_path_text("a/\xFF\xC3\xA9\xE2\x82");
	char *path;

	is_text(text, "a/\xED\xB3\xBF\xC3\xA9\xED\xB3\xA2\xED\xB2\x82",
	    "bytes of a path that are not UTF-8 are U+DC80 .. U+DCFF");
	path = text_path_bytes(text);
	is_text(path, "a/\xFF\xC3\xA9\xE2\x82", "and back");
	free(text);
	free(path);
	ok(text_path_bytes("\xC0\x80") == NULL, "U+0000 is in no path");
	ok(text_path_bytes("\xED\xA0\xBD") == NULL,
	    "nor a surrogate that is no byte");
}

static void
test_ways_out(void)
{
	struct buf b;

	buf_init(&b, MAX);
	text_to_utf8(&b, "a\xC0\x80\xED\xA0\xBD\xC3\xA9");
	is_bytes(&b, "a" FFFD FFFD "\xC3\xA9",
	    "Lone surrogates: U+FFFD where UTF-8 is needed");
	buf_reset(&b);
	text_escape(&b,
	    "a\\\n\t\r\x1B[0m\x7F\xC0\x80\xC2\x9B\xE2\x80\xAE\xE2\x80\xA8"
	    "\xED\xA0\xBD\xC3\xA9");
	is_bytes(&b,
	    "a\\\\n\\t\\r\\x1b[0m\\x7f\\x00\\x9b\\u202e\\u2028\\ud83d\xC3\xA9",
	    "text_escape leaves nothing that a terminal obeys");
	buf_release(&b);
	buf_init(&b, 3);
	is_int(
	    text_from_bytes(&b, "abcd", 4), -EMSGSIZE, "a full buffer is said");
	buf_release(&b);
}

static void
is_word(const char *text, const char *expected)
{
	char *word = text_shell_word(text);

	is_text(word, expected, "a word of a command");
	free(word);
}

static void
test_shell_words(void)
{
	is_word("/a/b-1.2_c+d,e:f@g%h=i", "/a/b-1.2_c+d,e:f@g%h=i");
	is_word("", "''");
	is_word("~", "'~'");
	is_word("15. my runs", "'15. my runs'");
	is_word("it's $HOME", "'it'\\''s $HOME'");
}

int
main(void)
{
	test_bytes();
	test_code_points();
	test_widths();
	test_paths();
	test_ways_out();
	test_shell_words();
	return done_testing();
}
