#include <stdlib.h>

#include "base/buf.h"
#include "foreign/yaml.h"
#include "tap.h"

#define MAX ((size_t)1 << 22)

static void
is_member(const char *yaml, const char *want, const char *name)
{
	char *got = yaml_member(yaml, strlen(yaml), "name");

	is_text(got, want, name);
	free(got);
}

static void
test_yaml(void)
{
	is_member("x: 1\nname: plain one\ny: 2\n", "plain one", "plain");
	is_member("name: 'it''s'\n", "it's", "in single quotes");
	is_member("name: \"a\\\"\\u00e9\\n\"\n", "a\"\xc3\xa9\n", "in double");
	is_member("name: aaa\n  bbb\ny: 1\n", "aaa bbb", "folded");
	is_member("name: \"aaa\\\n  \\ bbb\"\n", "aaa bbb", "escaped line end");
	is_member("name: |\n  a\n  b\n", "a\nb\n", "a block");
	is_member("name: a # b\n", "a", "a comment");
	is_member("{x: [name, 1], name: b}", "b", "in braces");
	is_member("names: 1\n", NULL, "another key");
	is_member("x: {name: a}\n", NULL, "not that of a member");
	is_member("x: name\ny: a\n", NULL, "a value is no key");
	is_member("- name\n- a\n", NULL, "a list has no members");
	is_member("name: a\nname: b\n", "b", "the last one counts");
	is_member("name: ''", "", "empty");
	is_member("name:\n", NULL, "nothing");
	is_member("name: null\n", NULL, "null");
	is_member("name: 'null'\n", "null", "the word");
	is_member("name: [a]\n", NULL, "no scalar");
	is_member("name: a\nx: [\n", NULL, "no YAML");
	is_member("name: a\nx: \"\\ud83d\"\n", NULL, "half a character");
	is_member("name: \"a\\0b\"\n",
	    "a\xc0\x80"
	    "b",
	    "U+0000");
	is_member("", NULL, "an empty file");
}

static void
test_deep_yaml(void)
{
	struct buf text;

	buf_init(&text, MAX);
	buf_adds(&text, "name: a\nx: ");
	for (size_t i = 0; i < MAX / 2; i++)
		buf_addc(&text, '[');
	ok(yaml_member(text.data, text.len, "name") == NULL,
	    "YAML that is nested without end");
	buf_release(&text);
}

int
main(void)
{
	test_yaml();
	test_deep_yaml();
	return done_testing();
}
