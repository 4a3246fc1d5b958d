#include <stdlib.h>
#include <unistd.h>

#include "base/path.h"
#include "tap.h"

static void
is_owned(char *got, const char *want, const char *name)
{
	is_text(got, want, name);
	free(got);
}

static void
test_parts(void)
{
	char *cwd = getcwd(NULL, 0), *got;

	is_owned(path_join("a", "b"), "a/b", "join");
	is_owned(path_join("/", "b"), "/b", "join at the root");
	is_owned(path_join("a/", "b"), "a/b", "join behind a slash");
	is_owned(path_join("a", "/b"), "/b", "an absolute name stands alone");
	is_owned(path_join("", "b"), "b", "no directory");
	is_owned(path_absolute("/a/../b//"), "/a/../b",
	    "absolute: nothing is resolved, slashes at the end go");
	is_owned(path_absolute("///"), "/", "absolute: the root");
	got = path_absolute("x/./y/");
	ok(strncmp(got, cwd, strlen(cwd)) == 0 &&
		strcmp(got + strlen(cwd), "/x/./y") == 0,
	    "absolute: behind the working directory");
	free(got);
	free(cwd);
	is_owned(path_parent("/a/b"), "/a", "parent");
	is_owned(path_parent("/a"), "/", "parent below the root");
	is_owned(path_parent("a"), ".", "parent of a name");
	is_owned(path_parent("a//b"), "a", "parent before two slashes");
	is_text(path_base("/a/b"), "b", "base");
	is_text(path_base("b"), "b", "base of a name");
	is_text(path_base("a/"), "", "base behind a slash");
}

static void
test_encode(void)
{
	is_owned(path_encode("run-1_a.b c"), "run-1_a.b c", "readable");
	is_owned(path_encode("Beta \xCE\xB2"), "Beta \xCE\xB2", "UTF-8 too");
	is_owned(path_encode("a/b%2F"), "a%2Fb%252F", "slash and percent");
	is_owned(path_encode("../../etc"), "..%2F..%2Fetc", "no way up");
	is_owned(path_encode(""), "%", "the empty text");
	is_owned(path_encode("."), "%2E", "a dot");
	is_owned(path_encode(".."), "%2E.", "two dots");
	is_owned(path_encode("..."), "...", "three dots");
	is_owned(path_encode("a\n\x7F\xC2\x9B"), "a%0A%7F%C2%9B",
	    "control characters");
	is_owned(path_encode("\xC0\x80"), "%00", "U+0000");
	is_owned(path_encode("\xED\xA0\xBD"), "%ED%A0%BD", "a surrogate");
	is_owned(path_encode("\xFF\xE2\x82"), "%FF%E2%82", "no text at all");
}

static void
test_long(void)
{
	char text[512], *one, *other;

	memset(text, 'a', sizeof text);
	text[200] = '\0';
	is_owned(path_encode(text), text, "200 bytes are not cut");
	text[200] = 'a';
	text[201] = '\0';
	one = path_encode(text);
	is_int((long long)strlen(one), 200, "201 are, to 200");
	ok(strncmp(one, text, 182) == 0 && strncmp(one + 182, "%~", 2) == 0,
	    "with a digest behind");
	text[200] = 'b';
	other = path_encode(text);
	ok(strcmp(one, other) != 0, "of the whole");
	free(one);
	free(other);
	memset(text, '/', 100);
	text[100] = '\0';
	one = path_encode(text);
	is_int((long long)strlen(one), 60 * 3 + 18, "cut between characters");
	free(one);
}

static void
test_decode(void)
{
	static const char *const texts[] = {"", ".", "..", "a/b", "%", "%41",
	    "../up", "\303\274/\344\270\255", "a b", "%~", "\n\177"};
	static const char *const others[] = {
	    "%2f", "%41", "%zz", "%", ".", "..", "a/b", "%2"};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		char *name = path_encode(texts[i]);

		is_owned(path_decode(name), texts[i], name);
		free(name);
	}
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		char *text = path_decode(others[i]);

		if (strcmp(others[i], "%") == 0)
			is_text(text, "", "the empty text");
		else
			ok(text == NULL, "%s is of no text", others[i]);
		free(text);
	}
}

int
main(void)
{
	test_parts();
	test_encode();
	test_decode();
	test_long();
	return done_testing();
}
