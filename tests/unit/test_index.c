/* The index: which lines are looked at. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/die.h"
#include "journal/index.h"
#include "tap.h"

static char dir[] = "/tmp/itrack-index-XXXXXX";

static void
append(const char *attempt, const char *run_dir, int64_t inode)
{
	struct index_entry e = {.attempt = (char *)attempt,
	    .run_dir = (char *)run_dir,
	    .dir_inode = inode,
	    .status = RUN_FINISHED};

	ok(index_append(dir, &e, NULL) == 0, "%s is kept", attempt);
}

static bool
count(const struct index_entry *e, void *data)
{
	(void)e;
	++*(int *)data;
	return true;
}

static int
found(int64_t inode, const char *name)
{
	int n = 0;

	index_each_of(dir, inode, name, count, &n, NULL);
	return n;
}

/* Keeps the number of places of the last line. */
static bool
count_places(const struct index_entry *e, void *data)
{
	*(size_t *)data = e->place_len;
	for (size_t i = 0; i < e->place_len; i++)
		ok(e->places[i].text != NULL, "a place is a text");
	return true;
}

/* Of a line that others wrote, what is no text is no place. */
static void
test_odd_places(const char *path)
{
	FILE *f = fopen(path, "a");
	size_t places = 0;

	if (f == NULL)
		die("no index");
	fputs("{\"attempt\":\"a5\",\"run_dir\":\"/r\",\"places\":"
	      "{\"local\":\"/l\",\"mlflow\":7,\"wandb\":null}}\n",
	    f);
	fclose(f);
	index_each(dir, count_places, &places, NULL);
	is_int((long long)places, 1, "numbers are no places");
}

int
main(void)
{
	char *path;
	int all = 0;

	if (mkdtemp(dir) == NULL)
		return 1;
	append("a1", "/runs/one", 11);
	append("a2", "/runs/two", 1);
	append("a3", "/other/one", 111);
	append("a4", "/runs/\"quoted\"", 4);
	index_each(dir, count, &all, NULL);
	is_int(all, 4, "all");
	is_int(found(99, "one"), 2, "by name");
	is_int(found(1, "none"), 1, "by inode, the whole number");
	is_int(found(111, "two"), 2, "by either");
	is_int(found(99, "none"), 0, "no other");
	is_int(found(99, "ne"), 0, "the whole name");
	ok(index_has(dir, "a3"), "by attempt");
	ok(!index_has(dir, "a"), "the whole attempt");
	/* What JSON writes otherwise is not looked for as it is. */
	is_int(found(99, "\"quoted\""), 4, "a name with quotes: all");
	is_int(found(99, "caf\303\251"), 4, "a name beyond ASCII: all");
	path = xasprintf("%s/index.jsonl", dir);
	test_odd_places(path);
	unlink(path);
	free(path);
	rmdir(dir);
	return done_testing();
}
