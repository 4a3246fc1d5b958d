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

/* One that can't be used is named and keeps no other back; one that was torn is
 * passed over. */
static void
test_damaged(void)
{
	static const char *const damages[][2] = {{"run_dir", "\"\\u0000\""},
	    {"attempt", "\"..\""}, {"status", "\"won\""},
	    {"started_us", "9223372036854775807"}, {"ended_us", "\"now\""},
	    {"records_bytes", "-1"}, {"records_crc32c", "4294967296"},
	    {"rejected", "-1"}, {"run_id", "5"}, {"places", "[]"},
	    {"places", "{\"local\":null}"},
	    {"places", "{\"local\":\"/\\u0000\"}"}};
	char *path = xasprintf("%s/index.jsonl", dir);
	FILE *file;

	for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
		struct err err = ERR_INIT;
		int n = 0;

		unlink(path);
		append("20261123T124842Z-b10000000000", "/runs/one", 1);
		file = fopen(path, "a");
		fprintf(file,
		    "{\"attempt\":\"20261123T124842Z-b20000000000\","
		    "\"run_dir\":\"/r\",\"%s\":%s}\n{\"attempt\":\"2026",
		    damages[i][0], damages[i][1]);
		fclose(file);
		append("20261123T124842Z-b30000000000", "/runs/three", 3);
		is_int(
		    index_each(dir, count, &n, &err), -EBADMSG, damages[i][0]);
		is_int(n, 2, "the others are there");
		ok(strstr(err.message, "line 2") != NULL &&
			strstr(err.message, damages[i][0]) != NULL,
		    "'%s'", err.message);
	}
	free(path);
}

int
main(void)
{
	char *path;
	int all = 0;

	if (mkdtemp(dir) == NULL)
		return 1;
	append("20261123T124842Z-a10000000000", "/runs/one", 11);
	append("20261123T124842Z-a20000000000", "/runs/two", 1);
	append("20261123T124842Z-a30000000000", "/other/one", 111);
	append("20261123T124842Z-a40000000000", "/runs/\"quoted\"", 4);
	index_each(dir, count, &all, NULL);
	is_int(all, 4, "all");
	is_int(found(99, "one"), 2, "by name");
	is_int(found(1, "none"), 1, "by inode, the whole number");
	is_int(found(111, "two"), 2, "by either");
	is_int(found(99, "none"), 0, "no other");
	is_int(found(99, "ne"), 0, "the whole name");
	is_int(index_has(dir, "20261123T124842Z-a30000000000", NULL), 1,
	    "by attempt");
	is_int(index_has(dir, "a", NULL), 0, "the whole attempt");
	/* What JSON writes otherwise is not looked for as it is. */
	is_int(found(99, "\"quoted\""), 4, "a name with quotes: all");
	is_int(found(99, "caf\303\251"), 4, "a name beyond ASCII: all");
	test_damaged();
	path = xasprintf("%s/index.jsonl", dir);
	unlink(path);
	free(path);
	rmdir(dir);
	return done_testing();
}
