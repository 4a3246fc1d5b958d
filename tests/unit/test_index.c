/* The index: which lines are looked at. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/die.h"
#include "journal/index_private.h"
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
found_as(int64_t inode, const char *path, const char *real)
{
	const struct directory_now now = {
	    .inode = inode, .path = path, .real = real};
	int n = 0;

	index_each_of(dir, &now, count, &n, NULL);
	return n;
}

static int
found(int64_t inode, const char *path)
{
	return found_as(inode, path, path);
}

static void
test_which(void)
{
	int all = 0;

	append("20261123T124842Z-a10000000000", "/runs/one", 11);
	append("20261123T124842Z-a20000000000", "/runs/two", 1);
	append("20261123T124842Z-a30000000000", "/other/one", 111);
	append("20261123T124842Z-a40000000000", "/runs/\"caf\303\251\"", 4);
	index_each(dir, count, &all, NULL);
	is_int(all, 4, "all");
	is_int(found(99, "/runs/one"), 1, "by path, and no other of the name");
	is_int(found(1, "/runs/none"), 1, "by inode, the whole number");
	is_int(found(111, "/runs/two"), 2, "by either");
	is_int(found_as(99, "/runs/two", "/runs/one"), 2,
	    "by the path that was named, too");
	is_int(found(99, "/runs/none"), 0, "no other");
	is_int(found(99, "runs/one"), 0, "the whole path");
	is_int(found(99, "/runs/\"caf\303\251\""), 1, "any name");
	is_int(index_has(dir, "20261123T124842Z-a30000000000", NULL), 1,
	    "by attempt");
	is_int(index_has(dir, "a", NULL), 0, "the whole attempt");
}

/* What others add is found, also behind a line that is being written and cut
 * off again; and what was taken out is gone. */
static void
test_read_on(void)
{
	char *path = xasprintf("%s/index.jsonl", dir);
	char *other = xasprintf("%s/other", dir);
	struct stat st;
	FILE *file;

	append("20261123T124842Z-c10000000000", "/runs/added", 21);
	is_int(found(21, "/"), 1, "one that was added");
	stat(path, &st);
	file = fopen(path, "a");
	fprintf(file, "{\"attempt\":\"20261123T124842Z-c2");
	fclose(file);
	is_int(found(22, "/"), 0, "one that is being written");
	ok(truncate(path, st.st_size) == 0, "it is cut off");
	append("20261123T124842Z-c30000000000", "/runs/third", 23);
	is_int(found(23, "/"), 1, "the next one");
	is_int(found(21, "/"), 1, "and the one before");
	ok(rename(path, other) == 0, "all are taken out");
	is_int(found(21, "/"), 0, "none is there");
	append("20261123T124842Z-c40000000000", "/runs/fourth", 24);
	is_int(found(24, "/"), 1, "another index");
	is_int(found(23, "/"), 0, "has what it has");
	unlink(other);
	unlink(path);
	free(other);
	free(path);
}

#define ADDED 400

static bool
is_odd(const struct index_entry *e, void *data)
{
	bool odd = e->dir_inode % 2 != 0;

	*(int *)data += odd;
	return odd;
}

/* One adds lines while another takes lines out: none is lost. */
static void
test_prune(void)
{
	char attempt[] = "20261123T124842Z-e00000000000";
	char run_dir[] = "/runs/one";
	char *path = xasprintf("%s/index.jsonl", dir);
	int removed = 0, left = 0, status;
	pid_t child;

	unlink(path);
	child = fork();
	if (child == 0) {
		for (int i = 0; i < ADDED; i++) {
			struct index_entry e = {.attempt = attempt,
			    .run_dir = run_dir,
			    .dir_inode = i,
			    .status = RUN_FINISHED};

			if (index_append(dir, &e, NULL) < 0)
				_exit(1);
		}
		_exit(0);
	}
	while (waitpid(child, &status, WNOHANG) == 0)
		index_prune(dir, false, is_odd, &removed, NULL);
	is_int(status, 0, "all were added");
	is_int(index_prune(dir, false, is_odd, &removed, NULL), 0, "the rest");
	is_int(removed, ADDED / 2, "each of them was taken out once");
	index_each(dir, count, &left, NULL);
	is_int(left, ADDED / 2, "and no other");
	removed = 0;
	is_int(index_prune(dir, true, is_odd, &removed, NULL), 0, "dry");
	is_int(found(2, "/"), 1, "they are found");
	unlink(path);
	free(path);
}

/* Whoever stands still with the lock holds nobody up for ever. */
static void
test_held(void)
{
	char *path = xasprintf("%s/index.jsonl", dir);
	int held = open(path, O_RDWR | O_CREAT, 0600), fd;
	struct err err = ERR_INIT;
	bool locked = true;

	ok(flock(held, LOCK_EX) == 0, "another one has the lock");
	is_int(
	    index_lock(dir, true, 20, &locked, &err), -EBUSY, "all the time");
	ok(strstr(err.message,
	       "/index.jsonl: another process has had its lock "
	       "for 0 s") != NULL,
	    "which is said: %s", err.message);
	close(held);
	fd = index_lock(dir, true, 20, &locked, &err);
	ok(fd >= 0 && locked, "then it is ours");
	close(fd);
	unlink(path);
	free(path);
}

/* A directory that is named by another way, and has another inode by now. */
static void
test_link(void)
{
	char *real = xasprintf("%s/real", dir), *link = xasprintf("%s/l", dir);
	char *path = xasprintf("%s/run", real), *as = xasprintf("%s/run", link);
	struct stat st;

	mkdir(real, 0700);
	mkdir(path, 0700);
	stat(path, &st);
	ok(symlink(real, link) == 0, "a link");
	append("20261123T124842Z-d10000000000", as, 1);
	append("20261123T124842Z-d20000000000", "/gone/run", 2);
	for (int i = 0; i < 2; i++)
		is_int(found((int64_t)st.st_ino, path), 1, "by the link");
	unlink(link);
	rmdir(path);
	rmdir(real);
	free(as);
	free(path);
	free(link);
	free(real);
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

	if (mkdtemp(dir) == NULL)
		return 1;
	test_which();
	test_read_on();
	test_link();
	test_prune();
	test_held();
	test_damaged();
	path = xasprintf("%s/index.jsonl", dir);
	unlink(path);
	free(path);
	rmdir(dir);
	return done_testing();
}
