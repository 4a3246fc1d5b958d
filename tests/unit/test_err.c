/* Prefixes of messages: what both say stands there once. */
#include "base/err.h"

#include <errno.h>
#include <string.h>

#include "tap.h"

static void
prefixed(const char *message, const char *prefix, const char *wanted)
{
	struct err err = ERR_INIT;

	err_set(&err, -EIO, "%s", message);
	ok(err_prefix(&err, "%s", prefix) == -EIO, "the code stays");
	is_text(err.message, wanted, wanted);
}

int
main(void)
{
	static char much[2 * ERR_MESSAGE_MAX];
	struct err err = ERR_INIT;

	prefixed("not a file", "records.jsonl", "records.jsonl: not a file");
	prefixed("records.jsonl: not a file", "records.jsonl",
	    "records.jsonl: not a file");
	prefixed("records.jsonl: not a file", "/a/records.jsonl",
	    "/a/records.jsonl: not a file");
	prefixed("/a/b/records.jsonl: no", "records.jsonl",
	    "/a/b/records.jsonl: no");
	prefixed("/a/b: no", "/a", "/a/b: no");
	prefixed("/a: no", "/a", "/a: no");
	/* Others stay. */
	prefixed("records: no", "records.jsonl", "records.jsonl: records: no");
	prefixed("/ab: no", "/a", "/a: /ab: no");
	prefixed("b: no", "/a/c", "/a/c: b: no");
	prefixed("old.jsonl: no", "jsonl", "jsonl: old.jsonl: no");
	prefixed("no", "", ": no");
	memset(much, 'x', sizeof much - 1);
	err_set(&err, -EIO, "%s", much);
	err_prefix(&err, "%s", much + ERR_MESSAGE_MAX - 100);
	ok(strlen(err.message) == ERR_MESSAGE_MAX - 1, "cut at its room");
	ok(err_prefix(NULL, "x") < 0, "without an err");
	return done_testing();
}
