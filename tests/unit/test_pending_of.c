/* Pending attempts of one directory: which are named, and that their first
 * entries are read once. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "journal/journal.h"
#include "tap.h"
#include "journal/pending_of.h"

#define A0 "20261123T124842Z-a00000000000"
#define A1 "20261123T124842Z-a10000000000"
#define A2 "20261123T124842Z-a20000000000"
#define A3 "20261123T124842Z-a30000000000"
#define A4 "20261123T124842Z-a40000000000"
#define A5 "20261123T124842Z-a50000000000"
/* Between two of them. */
#define A2A "20261123T124842Z-a2a000000000"

static char state[] = "/tmp/itrack-journals-XXXXXX";
static char other[] = "/tmp/itrack-journals-XXXXXX";

static void
begin(const char *dir, const char *attempt, const char *run_dir, int64_t inode)
{
	struct journal *j = journal_create(dir, attempt, NULL);
	struct entry e;

	entry_init(&e, ENTRY_START, 1);
	e.start.attempt = xstrdup(attempt);
	e.start.run_dir = xstrdup(run_dir);
	e.start.project = xstrdup("p");
	e.start.prefix = xstrdup("");
	e.start.dir_inode = inode;
	ok(journal_append(j, &e, NULL) == 0, "%s of %s", attempt, run_dir);
	journal_flush(j, NULL);
	entry_release(&e);
	journal_close(j);
}

static void
unlink_journal(const char *dir, const char *attempt)
{
	char *path = xasprintf("%s/runs/%s/journal.jsonl", dir, attempt);

	unlink(path);
	free(path);
}

static void
remove_attempt(const char *dir, const char *attempt)
{
	char *path = xasprintf("%s/runs/%s", dir, attempt);

	unlink_journal(dir, attempt);
	rmdir(path);
	free(path);
}

static bool
list(const char *attempt, void *data)
{
	char **names = data;
	char *longer = xasprintf("%s%s ", *names, attempt);

	free(*names);
	*names = longer;
	return true;
}

static void
expect(const char *dir, int64_t inode, const char *path, const char *attempts,
    const char *what)
{
	const struct directory_now now = {
	    .inode = inode, .path = path, .real = path};
	char *names = xstrdup("");

	journals_each_of(dir, &now, list, &names, NULL);
	is_text(names, attempts, what);
	free(names);
}

static bool
stop(const char *attempt, void *data)
{
	(void)attempt;
	++*(int *)data;
	return false;
}

static void
test_which(void)
{
	const struct directory_now now = {
	    .inode = 1, .path = "/runs/one", .real = "/runs/one"};
	int asked = 0;

	begin(state, A1, "/runs/one", 11);
	begin(state, A2, "/runs/two", 1);
	begin(state, A3, "/runs/one", 111);
	expect(
	    state, 99, "/runs/one", A1 " " A3 " ", "by path, the oldest first");
	expect(state, 1, "/none", A2 " ", "by inode");
	expect(state, 1, "/runs/one", A1 " " A2 " " A3 " ", "by either");
	expect(state, 99, "runs/one", "", "the whole path");
	journals_each_of(state, &now, stop, &asked, NULL);
	is_int(asked, 1, "false is the last");
}

static void
test_once(void)
{
	begin(state, A0, "/runs/one", 7);
	expect(
	    state, 99, "/runs/one", A0 " " A1 " " A3 " ", "a new one in front");
	unlink_journal(state, A1);
	expect(state, 99, "/runs/one", A0 " " A1 " " A3 " ",
	    "what was read is kept");
	remove_attempt(state, A1);
	expect(state, 99, "/runs/one", A0 " " A3 " ",
	    "one that is gone is forgotten");
	begin(state, A1, "/runs/three", 12);
	begin(state, A4, "/runs/three", 13);
	expect(state, 99, "/runs/three", A1 " " A4 " ",
	    "and read when it is there");
}

/* Whoever asks often is told of changes, and lists no more. */
static void
test_often(void)
{
	char *runs = xasprintf("%s/runs", state);
	char *moved = xasprintf("%s/moved", state);
	char *folder = xasprintf("%s/runs/" A5, state);

	for (int i = 0; i < 32; i++)
		expect(state, 12, "/none", A1 " ", "again and again");
	begin(state, A2A, "/runs/often", 31);
	expect(state, 31, "/none", A2A " ", "one that came");
	remove_attempt(state, A2A);
	expect(state, 31, "/none", "", "one that left");
	mkdir(folder, 0700);
	expect(state, 32, "/none", "", "one that has no entry yet");
	rmdir(folder);
	begin(state, A5, "/runs/often", 32);
	expect(state, 32, "/none", A5 " ", "and has one");
	remove_attempt(state, A5);
	ok(rename(runs, moved) == 0, "the folder is another's now");
	expect(state, 12, "/none", "", "nothing is left");
	mkdir(runs, 0700);
	begin(state, A5, "/runs/often", 33);
	expect(state, 33, "/none", A5 " ", "but what came since");
	remove_attempt(state, A5);
	rmdir(runs);
	ok(rename(moved, runs) == 0, "and back");
	expect(state, 12, "/none", A1 " ", "as before");
	free(folder);
	free(moved);
	free(runs);
}

/* One that was found by where its path leads, and is gone. */
static void
test_found_and_gone(void)
{
	char *path = xasprintf("%s/run", state);
	struct stat st;

	mkdir(path, 0700);
	stat(path, &st);
	begin(state, A5, path, 40);
	expect(state, (int64_t)st.st_ino, path, A5 " ", "where it leads");
	remove_attempt(state, A5);
	expect(state, (int64_t)st.st_ino, path, "", "it is gone");
	rmdir(path);
	free(path);
}

static void
test_another_state(void)
{
	begin(other, A0, "/runs/other", 7);
	expect(other, 7, "/none", A0 " ", "another state directory");
	expect(state, 7, "/none", A0 " ", "and back");
	expect(state, 99, "/runs/other", "", "nothing of the other is left");
	remove_attempt(other, A0);
	expect(other, 99, "/runs/other", "", "an empty one");
}

static void
remove_state(const char *dir)
{
	char *runs = xasprintf("%s/runs", dir);
	char *mark = xasprintf("%s/.itrack-state", dir);

	rmdir(runs);
	unlink(mark);
	rmdir(dir);
	free(mark);
	free(runs);
}

int
main(void)
{
	static const char *const left[] = {A0, A1, A2, A3, A4};

	if (mkdtemp(state) == NULL || mkdtemp(other) == NULL)
		return 1;
	test_which();
	test_once();
	test_often();
	test_found_and_gone();
	test_another_state();
	for (size_t i = 0; i < sizeof left / sizeof left[0]; i++)
		remove_attempt(state, left[i]);
	remove_state(state);
	remove_state(other);
	return done_testing();
}
