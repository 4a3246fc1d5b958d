#include "base/uri.h"

#include <stdlib.h>

#include "tap.h"

static void
cleaned(const char *text, const char *want, const char *name)
{
	char *copy = strdup(text);

	uri_clean(copy);
	is_text(copy, want, name);
	free(copy);
}

static void
words(const char *text, const char *want, const char *name)
{
	char *copy = strdup(text);

	uri_clean_words(copy);
	is_text(copy, want, name);
	free(copy);
}

static void
decoded(const char *text, const char *want, bool changed, const char *name)
{
	char *copy = strdup(text);

	ok(uri_unescape(copy) == changed, "%s: known for what it was", name);
	is_text(copy, want, name);
	free(copy);
}

static void
part(struct uri_span span, const char *want, const char *name)
{
	char *copy = span.start != NULL ? strndup(span.start, span.len) : NULL;

	is_text(copy, want, name);
	free(copy);
}

static void
test_clean(void)
{
	cleaned(
	    "http://u:p@h/x?key=1#2", "http://h/x", "user, query, fragment");
	cleaned("http://u:p@x@h:1/a@b", "http://h:1/a@b",
	    "the last sign before the path ends the login");
	cleaned("http://h/a@b", "http://h/a@b", "a path may have the sign");
	cleaned("HTTPS://token@h", "HTTPS://h", "a user alone");
	cleaned("http://h?token=1", "http://h", "a query without a path");
	cleaned("http://h#token", "http://h", "a fragment without a path");
	cleaned("http://u:a/b?c#d@h/x", "http://h/x",
	    "a password with signs that should be encoded");
	cleaned("http://u:12@[::1]:80/x", "http://[::1]:80/x", "IPv6");
	cleaned("http://[::1]:80/x@y", "http://[::1]:80/x@y",
	    "the colons of an address are no password");
	cleaned("mysql+pymysql://u:p@h/db?password=3", "mysql+pymysql://h/db",
	    "a database");
	cleaned("sqlite:///x.db?key=1", "sqlite:///x.db", "no authority");
	cleaned("file:/x?y", "file:/x", "one slash");
	cleaned("u:p@h:5000/x", "h:5000/x", "a login without a scheme");
	cleaned("dir/what?#1", "dir/what?#1", "a path stays");
	cleaned("/a:b@c", "/a:b@c", "an absolute path stays");
	cleaned("git@host:org/repo", "git@host:org/repo",
	    "a user and no password stays: it is how git names a host");
	cleaned("", "", "nothing");
}

static void
test_words(void)
{
	words("Unsupported proxy scheme for 'ftp://u:p@h:1/?k=1'",
	    "Unsupported proxy scheme for 'ftp://h:1/'", "in quotes");
	words("no u:p@h here, http://h/x@y", "no h here, http://h/x@y",
	    "without a scheme; a path is none");
	words("a b", "a b", "nothing to hide");
}

static void
test_split(void)
{
	struct uri u;

	ok(uri_split("http://us%40er:p%3Aw@h.x:12/a/b?c", &u), "a URI");
	part(u.scheme, "http", "scheme");
	part(u.user, "us%40er", "user");
	part(u.password, "p%3Aw", "password");
	part(u.authority, "h.x:12", "authority");
	part(u.host, "h.x", "host");
	ok(u.end - u.path == 4, "path");
	ok(uri_split("mlflow-artifacts:/7/a", &u) && u.authority.start == NULL,
	    "without an authority");
	ok(uri_split("http://[fe80::1]:1", &u), "IPv6");
	part(u.host, "fe80::1", "without its brackets");
	ok(!uri_split("sqlite", &u) && !uri_split("a:b", &u) &&
		!uri_split("1a://b", &u) && !uri_split("", &u),
	    "what is no URI");
}

static void
has_reason(const char *url, const char *service, const char *want)
{
	char why[URI_WHY_MAX];

	ok(!uri_is_fit(url, service, why) && strstr(why, want) != NULL,
	    "%s: %s: %s", want, url, why);
}

static void
test_unfit(void)
{
	static const char *const none[] = {"", "h", "h:80", "//h", "http:/h",
	    "http://", "http://:80", "ftp://h", "file:///x", "http://h:x",
	    "http://a b", "http://%61pi.wandb.ai", "http://[::1", "http://[]"};
	static const char *const plain[] = {"http://wandb.ai",
	    "http://api.wandb.ai/x", "HTTP://API.WANDB.AI",
	    "http://wandb.ai:80", "http://u:p@api.wandb.ai.",
	    "http://a.b.wandb.ai"};
	static const char *const fit[] = {"https://api.wandb.ai",
	    "http://notwandb.ai", "http://wandb.ai.example", "http://h:8080/x",
	    "http://[::1]:1", "http://127.0.0.1"};
	char why[URI_WHY_MAX];
	size_t i;

	for (i = 0; i < sizeof none / sizeof none[0]; i++)
		has_reason(none[i], "wandb.ai", "no address");
	for (i = 0; i < sizeof plain / sizeof plain[0]; i++) {
		has_reason(plain[i], "wandb.ai", "plain http");
		ok(uri_is_fit(plain[i], NULL, why), "or by any way");
	}
	for (i = 0; i < sizeof fit / sizeof fit[0]; i++)
		ok(uri_is_fit(fit[i], "wandb.ai", why), "fit: %s", fit[i]);
}

/* The address that is likely to be meant. */
static void
test_advice(void)
{
	has_reason("api.wandb.ai", "wandb.ai", "mean https://api.wandb.ai?");
	has_reason("wandb.ai", "wandb.ai", "mean https://api.wandb.ai?");
	has_reason(
	    "https://wandb.ai", "wandb.ai", "mean https://api.wandb.ai?");
	has_reason("https://www.wandb.ai/me/project", "wandb.ai",
	    "mean https://api.wandb.ai?");
	has_reason("https://org.wandb.ai", "wandb.ai", "is a page");
	has_reason("w.example.com:8080/x?key=1", "wandb.ai",
	    "mean https://w.example.com:8080?");
	has_reason(
	    "u:secret@w.example.com", NULL, "mean https://w.example.com?");
	has_reason("localhost:8080", "wandb.ai", "mean http://localhost:8080?");
	has_reason("127.0.0.1", NULL, "mean http://127.0.0.1?");
}

static void
test_clear(void)
{
	ok(uri_is_in_clear("http://h") &&
		uri_is_in_clear("http://10.0.0.1:1") &&
		uri_is_in_clear("http://127.0.0.1.example") &&
		uri_is_in_clear("http://localhost.example") &&
		uri_is_in_clear("HTTP://[fe80::1]/"),
	    "http to another machine");
	ok(!uri_is_in_clear("https://h") &&
		!uri_is_in_clear("http://localhost:1/") &&
		!uri_is_in_clear("http://127.1.2.3") &&
		!uri_is_in_clear("http://[::1]:1") && !uri_is_in_clear("/x"),
	    "https, this machine, no URI");
}

int
main(void)
{
	test_clean();
	test_words();
	test_split();
	test_unfit();
	test_advice();
	test_clear();
	decoded("p%40s%2bs%", "p@s+s%", true, "decoded");
	decoded("%00%zz%4", "%00%zz%4", false, "what is none stays");
	return done_testing();
}
