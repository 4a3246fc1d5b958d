/* Files that get their name when they are whole, and folders in which others
 * may write. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/folder.h"
#include "base/tempfile.h"
#include "tap.h"

#define WORD "abcdefghijkl"

static const struct tempfile_bytes new_bytes = {"new", 3, 0666, false};

static void
has(int dir, const char *name, const char *want, const char *what)
{
	struct err err = ERR_INIT;
	struct buf text;

	buf_init(&text, 1024 * 1024);
	file_read_all(dir, name, &text, &err);
	buf_addc(&text, '\0');
	is_text(text.data, want, what);
	buf_release(&text);
}

static bool
is_there(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static void
put(int dir, const char *name, const char *text)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	file_write_all(fd, text, strlen(text), NULL);
	close(fd);
}

static void
link_to(const char *target, int dir, const char *name)
{
	ok(symlinkat(target, dir, name) == 0, "%s -> %s", name, target);
}

static int
entries(int dir)
{
	char command[64];
	FILE *list;
	int count = -1;

	snprintf(command, sizeof(command), "ls -A /proc/%d/fd/%d/ | wc -l",
	    (int)getpid(), dir);
	list = popen(command, "r");
	if (list != NULL && fscanf(list, "%d", &count) != 1)
		count = -1;
	if (list != NULL)
		pclose(list);
	return count;
}

static void
test_places(int dir)
{
	struct err err = ERR_INIT;

	ok(tempfile_write(dir, "a", NULL, &new_bytes, &err) == 0, "a new file");
	has(dir, "a", "new", "its bytes");
	put(dir, "a", "older and longer");
	ok(tempfile_write(dir, "a", WORD, &new_bytes, &err) == 0, "replaced");
	has(dir, "a", "new", "the new bytes");
	put(dir, "far", "precious");
	link_to("far", dir, "link");
	ok(tempfile_write(dir, "link", WORD, &new_bytes, &err) == -EEXIST,
	    "a symbolic link is refused");
	ok(strstr(err.message, "link") != NULL, "by name: %s", err.message);
	has(dir, "far", "precious", "what it names stays");
	mkfifoat(dir, "fifo", 0600);
	ok(tempfile_write(dir, "fifo", WORD, &new_bytes, &err) == -EEXIST,
	    "a FIFO is refused");
	ok(is_there(dir, "fifo"), "and stays");
	mkdirat(dir, "folder", 0700);
	ok(tempfile_write(dir, "folder", WORD, &new_bytes, &err) == -EISDIR,
	    "a folder is refused");
	is_int(entries(dir), 5, "no temporary file is left");
}

static void
test_left(int dir)
{
	struct tempfile f, g;

	put(dir, ".a." WORD ".tmp", "of a process that was killed");
	ok(tempfile_open(&f, dir, "a", WORD, 0600, NULL) == 0 &&
		strcmp(f.name, ".a." WORD ".tmp") == 0,
	    "a left one is removed by its own name");
	has(dir, ".a." WORD ".tmp", "", "and made anew");
	tempfile_drop(&f);
	ok(!is_there(dir, ".a." WORD ".tmp"), "dropped");
	put(dir, ".b." WORD ".tmp", "of another file");
	put(dir, ".a.abcdefghijkz.tmp", "of another run");
	tempfile_open(&f, dir, "a", WORD, 0600, NULL);
	tempfile_drop(&f);
	ok(is_there(dir, ".b." WORD ".tmp") &&
		is_there(dir, ".a.abcdefghijkz.tmp"),
	    "others stay");
	mkfifoat(dir, ".a." WORD ".tmp", 0600);
	ok(tempfile_open(&f, dir, "a", WORD, 0600, NULL) == 0 &&
		strcmp(f.name, ".a." WORD ".tmp") != 0,
	    "a FIFO of the name is neither opened nor removed");
	ok(tempfile_open(&g, dir, "a", NULL, 0600, NULL) == 0 &&
		strcmp(f.name, g.name) != 0,
	    "two names are never the same");
	tempfile_drop(&f);
	tempfile_drop(&g);
}

static void
test_links(int dir)
{
	char target[16] = "";

	ok(tempfile_link(dir, "latest", WORD, "one", NULL) == 0 &&
		tempfile_link(dir, "latest", WORD, "two", NULL) == 0 &&
		readlinkat(dir, "latest", target, sizeof(target)) == 3 &&
		memcmp(target, "two", 3) == 0,
	    "a link replaces a link");
	put(dir, "plain", "precious");
	ok(tempfile_link(dir, "plain", WORD, "x", NULL) == -EEXIST,
	    "and no file");
	has(dir, "plain", "precious", "which stays");
	put(dir, "first", "1");
	ok(tempfile_second_name(dir, "second", WORD, dir, "first", NULL) == 0,
	    "a second name");
	ok(tempfile_second_name(dir, "second", WORD, dir, "first", NULL) == 0,
	    "once more: it has it");
	has(dir, "second", "1", "the same bytes");
	put(dir, "other", "2");
	ok(tempfile_second_name(dir, "second", WORD, dir, "other", NULL) == 0,
	    "of another file");
	has(dir, "second", "2", "its bytes");
	is_int(entries(dir), 5, "nothing is left");
}

static void
test_folders(int dir)
{
	char mark[FOLDER_MARK_SIZE], again[FOLDER_MARK_SIZE];
	struct err err = ERR_INIT;
	const char *base = "";
	int fd = folder_open(dir, "a/b/c", true, &err);

	ok(fd >= 0, "made with what is missing above it");
	folder_mark(fd, mark, &err);
	close(fd);
	fd = folder_open_parent(dir, "a/b/c", false, &base, &err);
	is_text(base, "c", "the part behind the last slash");
	renameat(fd, "c", fd, "d");
	mkdirat(fd, "c", 0777);
	close(fd);
	fd = folder_open(dir, "a/b/c", false, &err);
	folder_mark(fd, again, &err);
	ok(strcmp(mark, again) != 0,
	    "another one of the name has another mark");
	close(fd);
	fd = folder_open(dir, "a/b/d", false, &err);
	folder_mark(fd, again, &err);
	is_text(again, mark, "the old one has its own under its new name");
	close(fd);
	link_to("a", dir, "link");
	ok(folder_open(dir, "link", false, &err) == -ELOOP &&
		folder_open(dir, "link/b", true, &err) == -ELOOP,
	    "a link is not followed, at the end or in between");
	ok(strstr(err.message, "link") != NULL, "by name: %s", err.message);
	ok(folder_open(dir, "a/../../b", true, &err) == -EINVAL,
	    "nothing leads out");
	ok(folder_open(dir, "none/b", false, &err) == -ENOENT, "not there");
	put(dir, "file", "x");
	ok(folder_open(dir, "file/b", true, &err) == -ENOTDIR, "no folder");
	mkfifoat(dir, "fifo", 0600);
	link_to("file", dir, "filelink");
	ok(folder_open_file(dir, "fifo", O_WRONLY | O_APPEND, &err) < 0 &&
		folder_open_file(dir, "fifo", O_RDWR | O_CREAT, &err) < 0,
	    "a FIFO is refused, and nobody waits");
	ok(folder_open_file(dir, "filelink", O_RDWR, &err) == -ELOOP,
	    "so is a link");
	fd = folder_open_file(dir, "file", O_RDWR, &err);
	ok(fd >= 0, "a file of ours is opened");
	close(fd);
	fd = folder_open_file(dir, "new", O_RDWR | O_CREAT, &err);
	ok(fd >= 0, "or made");
	close(fd);
}

static void
in_folder(void (*test)(int dir))
{
	char path[] = "/tmp/itrack-unit-XXXXXX", command[64];
	int dir = open(mkdtemp(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	test(dir);
	close(dir);
	snprintf(command, sizeof(command), "rm -rf %s", path);
	ok(system(command) == 0, "tidied up");
}

int
main(void)
{
	in_folder(test_places);
	in_folder(test_left);
	in_folder(test_links);
	in_folder(test_folders);
	return done_testing();
}
