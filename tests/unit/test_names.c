#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "tap.h"
#include "tracker/common/names.h"
#include "tracker/wandb/values.h"

#define MAX 200

static void
is_name(const char *name, const char *want)
{
	struct buf out;

	buf_init(&out, MAX);
	ok(names_utf8(&out, name) == (strcmp(name, want) != 0),
	    "says whether it was changed");
	is_text(out.data, want, want);
	buf_release(&out);
}

/* Names that would look alike, and what their changes lead to. */
static void
test_distinct(void)
{
	static const char *const names[] = {"m/\xed\xa0\x80/x",
	    "m/\xed\xa0\x81/x", "m/\xc0\x80/x", "m/\xef\xbf\xbd/x", "m/x",
	    "\xed\xa0\x80", "_step", "_step_", "_step\xed\xa0\x80"};
	char *made[2 * sizeof names / sizeof names[0]];
	size_t len = sizeof names / sizeof names[0], i, k;
	bool differ = true, renamed;

	for (i = 0; i < len; i++)
		made[i] = wandb_name("", names[i], &renamed);
	for (; i < 2 * len; i++)
		made[i] = wandb_name("p/", made[i - len], &renamed);
	for (i = 0; i < len; i++)
		for (k = 0; k < i; k++)
			differ &= strcmp(made[i], made[k]) != 0 &&
			    strcmp(made[len + i], made[len + k]) != 0;
	renamed = false;
	free(wandb_name("m/", "x", &renamed));
	ok(!renamed, "a good name stays, and nothing is said");
	free(wandb_name("m\xed\xa0\x80/", "x", &renamed));
	ok(renamed, "a change is said");
	for (i = 0; i < 2 * len; i++)
		free(made[i]);
	ok(differ, "no two names become one");
}

int
main(void)
{
	is_name("model/probe/success_rate", "model/probe/success_rate");
	is_name("", "");
	is_name("\xc3\xa9/\xef\xbf\xbd", "\xc3\xa9/\xef\xbf\xbd");
	is_name("a\xed\xa0\x80/b/success_rate",
	    "a\xef\xbf\xbd-b13b10ab/b/success_rate");
	is_name("a\xc0\x80", "a\xef\xbf\xbd-d0cee04c");
	test_distinct();
	return done_testing();
}
