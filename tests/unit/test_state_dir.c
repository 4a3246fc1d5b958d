/* The state directory: which names, folders and files in it are used and
 * deleted, and which are somebody else's. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/die.h"
#include "journal/index.h"
#include "journal/journal.h"
#include "journal/state_dir.h"
#include "tap.h"

#define NAME "20261123T130842Z-4f8a1c0d9e2b"
/* Any other user. */
#define OTHER 65534

static char top[] = "/tmp/itrack-state-XXXXXX";

static char *
in_top(const char *name)
{
	return xasprintf("%s/%s", top, name);
}

static void
make_dir(const char *name)
{
	char *path = in_top(name);

	if (mkdir(path, 0755) < 0)
		die("%s: %s", path, strerror(errno));
	free(path);
}

static void
make_file(const char *name)
{
	char *path = in_top(name);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		die("%s: %s", path, strerror(errno));
	close(fd);
	free(path);
}

static bool
is_there(const char *name)
{
	char *path = in_top(name);
	struct stat st;
	bool there = lstat(path, &st) == 0;

	free(path);
	return there;
}

static void
test_names(void)
{
	static const char *const wrong[] = {"", ".", "..", "exp-1",
	    "20261123T130842Z", "20261123T130842Z-", NAME "c",
	    "20261123T130842Z-4f8a1c0d9e2", "20261123T130842Z-4F8a1c0d9e2b",
	    "20261123t130842Z-4f8a1c0d9e2b", "2026112xT130842Z-4f8a1c0d9e2b",
	    "20261123T130842Z-4f8a1c0d9e/.", "../" NAME, NAME "/..", " " NAME,
	    NAME " ", "20261123T130842Z 4f8a1c0d9e2b"};
	char attempt[ATTEMPT_SIZE];

	journal_new_attempt(attempt, 1795438122000000);
	ok(state_is_attempt(attempt), "ours: %s", attempt);
	ok(state_is_attempt(NAME), "as in the document");
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		ok(!state_is_attempt(wrong[i]), "no attempt: '%s'", wrong[i]);
	ok(state_is_tracker("local") && state_is_tracker("w-2_b"), "trackers");
	ok(!state_is_tracker("") && !state_is_tracker("../x") &&
		!state_is_tracker("a b") && !state_is_tracker("2a") &&
		!state_is_tracker("Local"),
	    "no trackers");
}

static void
expect(const char *name, int result, const char *word, const char *what)
{
	struct err err = ERR_INIT;
	char *path = in_top(name);

	is_int(state_recognise(path, &err), result, what);
	ok(word == NULL || strstr(err.message, word) != NULL, "%s: '%s'", what,
	    err.message);
	free(path);
}

static void
test_recognise(void)
{
	char *path;

	expect("none", -ENOENT, "none", "one that is not there");
	make_dir("empty");
	expect("empty", 0, NULL, "an empty one");
	make_dir("made");
	path = in_top("made");
	is_int(state_make(path, NULL), 0, "one is made");
	is_int(state_make(path, NULL), 0, "and again");
	free(path);
	make_dir("made/other");
	make_dir("made/runs/exp-1");
	expect("made", 0, NULL, "with the mark it is one, whatever is in it");
	make_dir("copied");
	make_dir("copied/runs");
	expect("copied", -EINVAL, "no journals", "no mark, and no journals");
	make_dir("copied/runs/" NAME);
	expect("copied", 0, NULL, "journals alone are enough");
	make_dir("copied/runs/exp-1");
	expect("copied", -EINVAL, "exp-1", "something else beside them");
	make_dir("shared");
	make_dir("shared/state");
	expect("shared", -EINVAL, "shared", "a directory of something else");
	ok(!is_there("shared/runs"), "nothing is made in it");
	make_file("file");
	expect("file", -ENOTDIR, "file", "a file");
}

/* 1: it was opened. */
static int
open_code(const char *state, const char *word)
{
	struct err err = ERR_INIT;
	char *path = in_top(state);
	int dir_fd = state_open_attempt(path, NAME, false, &err), fd = dir_fd;

	free(path);
	if (dir_fd >= 0) {
		fd = state_open_file(dir_fd, "journal.jsonl", O_RDWR, &err);
		close(dir_fd);
	}
	ok(fd >= 0 || strstr(err.message, word) != NULL, "'%s' says '%s'",
	    err.message, word);
	if (fd < 0)
		return fd;
	close(fd);
	return 1;
}

static void
test_open(void)
{
	char *dir = in_top("open"), *folder = in_top("open/runs/" NAME);
	char *file = in_top("open/runs/" NAME "/journal.jsonl");
	char *other = in_top("other");
	int fd;

	fd = state_open_attempt(dir, NAME, true, NULL);
	ok(fd >= 0, "an attempt's folder is made");
	close(fd);
	is_int(open_code("open", "journal"), -ENOENT, "no journal yet");
	make_file("open/runs/" NAME "/journal.jsonl");
	is_int(open_code("open", ""), 1, "a journal");
	chmod(file, 0622);
	is_int(open_code("open", "others"), -EPERM, "others can write it");
	chmod(file, 0600);
	chmod(folder, 0777);
	is_int(open_code("open", "others"), -EPERM, "or its folder");
	chmod(folder, 0700);
	ok(link(file, other) == 0, "it gets another name");
	is_int(open_code("open", "other names"), -EPERM, "a hard link");
	unlink(file);
	ok(symlink(other, file) == 0, "a link takes its place");
	is_int(open_code("open", "no regular file"), -EINVAL, "a link");
	unlink(file);
	ok(mkfifo(file, 0600) == 0, "a FIFO takes its place");
	is_int(open_code("open", "no regular file"), -EINVAL, "a FIFO");
	unlink(file);
	ok(rmdir(folder) == 0 && symlink(top, folder) == 0, "so does a link");
	is_int(open_code("open", NAME), -ENOTDIR, "of the folder's");
	unlink(folder);
	is_int(state_open_attempt(dir, "exp-1", true, NULL), -EINVAL,
	    "another name is no attempt's");
	ok(!is_there("open/runs/exp-1"), "and not made");
	unlink(other);
	free(other);
	free(file);
	free(folder);
	free(dir);
}

static bool
none(const struct index_entry *e, void *data)
{
	(void)e;
	(void)data;
	return true;
}

static void
test_owner(void)
{
	char *dir = in_top("owned"), *runs = in_top("owned/runs");
	char *folder = in_top("owned/runs/" NAME);
	char *file = in_top("owned/runs/" NAME "/journal.jsonl");
	char *index = in_top("owned/index.jsonl");

	if (geteuid() != 0) {
		ok(true, "# SKIP files of another user need root");
		goto out;
	}
	close(state_open_attempt(dir, NAME, true, NULL));
	make_file("owned/runs/" NAME "/journal.jsonl");
	make_file("owned/index.jsonl");
	ok(chown(file, OTHER, OTHER) == 0, "the journal is another user's");
	is_int(open_code("owned", "belongs to"), -EPERM, "refused");
	ok(chown(file, 0, 0) == 0 && chown(folder, OTHER, OTHER) == 0,
	    "the folder is");
	is_int(open_code("owned", "belongs to"), -EPERM, "refused");
	ok(chown(folder, 0, 0) == 0 && chown(runs, OTHER, OTHER) == 0,
	    "runs/ is");
	is_int(open_code("owned", "belongs to"), -EPERM, "refused");
	ok(chown(runs, 0, 0) == 0 && chown(dir, OTHER, OTHER) == 0, "all is");
	is_int(open_code("owned", "belongs to"), -EPERM, "refused");
	is_int(state_make(dir, NULL), -EPERM, "nothing is made in it");
	ok(chown(dir, 0, 0) == 0 && chown(index, OTHER, OTHER) == 0,
	    "the index is");
	is_int(index_each(dir, none, NULL, NULL), -EPERM, "refused");
	is_int(index_check(dir, NULL), -EPERM, "and so said");
out:
	free(index);
	free(file);
	free(folder);
	free(runs);
	free(dir);
}

static void
test_remove(void)
{
	static const char *const ours[] = {"journal.jsonl", "cursor.local",
	    "cursor.a_b-c", "follower.lock", "kept.0", "kept.123456",
	    ".cursor.local.a1b2c3d4e5f6.tmp", ".kept.7.000000000000.tmp"};
	static const char *const others[] = {"records.jsonl", "cursor.",
	    "cursor.Local", "cursor.local.bak", "kept.", "kept.1a", "kept",
	    ".cursor.local", ".cursor.local.tmp",
	    ".cursor.local.A1b2c3d4e5f6.tmp", ".cursor.local.a1b2c3d4e5f6.tmpx",
	    "..a1b2c3d4e5f6.tmp", ".records.jsonl.a1b2c3d4e5f6.tmp",
	    "journal.jsonl.1", ".a1b2c3d4e5f6.tmp"};
	char *dir = in_top("remove"), *path;
	struct err err = ERR_INIT;
	int fd = state_open_attempt(dir, NAME, true, NULL);
	size_t n = sizeof others / sizeof *others;

	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
		path = xasprintf("remove/runs/" NAME "/%s", ours[i]);
		make_file(path);
		free(path);
	}
	for (size_t i = 0; i < n; i++) {
		path = xasprintf("remove/runs/" NAME "/%s", others[i]);
		make_file(path);
		free(path);
	}
	is_int(state_remove_attempt(fd, "exp-1", NULL), -EINVAL,
	    "a folder of another name is left alone");
	is_int(state_remove_attempt(fd, "20261123T130842Z-000000000000", NULL),
	    -EINVAL, "and one that is not the one of that name");
	is_int(state_remove_attempt(fd, NAME, &err), -ENOTEMPTY, err.message);
	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
		path = xasprintf("remove/runs/" NAME "/%s", ours[i]);
		ok(!is_there(path), "removed: %s", ours[i]);
		free(path);
	}
	for (size_t i = 0; i < n; i++) {
		path = xasprintf("%s/runs/" NAME "/%s", dir, others[i]);
		ok(unlink(path) == 0, "left: %s", others[i]);
		free(path);
	}
	is_int(state_remove_attempt(fd, NAME, NULL), 0, "now it is empty");
	ok(!is_there("remove/runs/" NAME), "and gone");
	close(fd);
	free(dir);
}

/* Of a run that is put off because it lacks descriptors. */
static void
test_remove_without_descriptors(void)
{
	char *dir = in_top("scarce");
	struct rlimit old, none;
	int fd = state_open_attempt(dir, NAME, true, NULL), result;

	make_file("scarce/runs/" NAME "/journal.jsonl");
	getrlimit(RLIMIT_NOFILE, &old);
	none = old;
	none.rlim_cur = 0;
	setrlimit(RLIMIT_NOFILE, &none);
	result = state_remove_attempt(fd, NAME, NULL);
	setrlimit(RLIMIT_NOFILE, &old);
	is_int(result, 0, "a new attempt is removed without a descriptor");
	ok(!is_there("scarce/runs/" NAME), "it is gone");
	close(fd);
	free(dir);
}

/* As if the attempt's folder and journal had last changed at that time. */
static void
set_changed(const char *path, time_t time_s)
{
	struct timespec times[] = {{.tv_sec = time_s}, {.tv_sec = time_s}};
	char *dir = in_top(path), *file = xasprintf("%s/journal.jsonl", dir);

	is_int(utimensat(AT_FDCWD, file, times, 0), 0, "the file's time");
	is_int(utimensat(AT_FDCWD, dir, times, 0), 0, "the folder's time");
	free(file);
	free(dir);
}

static void
make_old(const char *path)
{
	set_changed(path, time(NULL) - 2 * JOURNAL_NEWBORN_S);
}

static void
make_young(const char *path)
{
	set_changed(path, time(NULL));
}

/* What a killed maker left: not while somebody holds it, nor with an entry. */
static void
test_discard(void)
{
	char *dir = in_top("discard");
	struct journal *j = journal_create(dir, NAME, NULL);
	struct entry e;

	make_old("discard/runs/" NAME);
	is_int(journal_discard(dir, NAME, NULL), -EBUSY, "it is held");
	ok(is_there("discard/runs/" NAME), "it stays");
	journal_close(j);
	make_young("discard/runs/" NAME);
	is_int(journal_discard(dir, NAME, NULL), -EBUSY, "it is young");
	ok(is_there("discard/runs/" NAME), "it stays");
	make_old("discard/runs/" NAME);
	is_int(journal_discard(dir, NAME, NULL), 0, "it is old and empty");
	ok(!is_there("discard/runs/" NAME), "it goes");
	j = journal_create(dir, NAME, NULL);
	entry_init(&e, ENTRY_RUN_ID, 1);
	e.run_id = xstrdup("one");
	journal_append(j, &e, NULL);
	entry_release(&e);
	journal_flush(j, NULL);
	journal_close(j);
	make_old("discard/runs/" NAME);
	is_int(journal_discard(dir, NAME, NULL), -EBUSY, "it has entries");
	ok(is_there("discard/runs/" NAME), "it stays");
	free(dir);
}

int
main(void)
{
	char command[64];

	if (mkdtemp(top) == NULL)
		return 1;
	test_names();
	test_recognise();
	test_open();
	test_owner();
	test_remove();
	test_remove_without_descriptors();
	test_discard();
	snprintf(command, sizeof command, "rm -rf %s", top);
	return system(command) == 0 ? done_testing() : 1;
}
