/* What is not there, and what nobody can look at. A name that no file system
 * takes and too few descriptors stand for a failing disk. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/die.h"
#include "base/path.h"
#include "tap.h"

static char dir[] = "/tmp/itrack-file-XXXXXX";
static char too_long[400];

static void
write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || file_write_all(fd, text, strlen(text), NULL) < 0)
		die("no %s", path);
	close(fd);
}

/* From now on no file can be opened, or files can be again. */
static void
allow_descriptors(bool any)
{
	static struct rlimit before;
	struct rlimit none;

	if (before.rlim_cur == 0)
		getrlimit(RLIMIT_NOFILE, &before);
	none = (struct rlimit){.rlim_cur = 3, .rlim_max = before.rlim_max};
	setrlimit(RLIMIT_NOFILE, any ? &before : &none);
}

static void
test_look(void)
{
	struct err err = ERR_INIT;
	struct stat st;

	is_int(file_look(AT_FDCWD, "a", 0, &st, &err), 1, "a file");
	is_int(st.st_size, 3, "its status");
	is_int(file_look(AT_FDCWD, "none", 0, &st, &err), 0, "no file");
	is_int(file_look(AT_FDCWD, "a/b", 0, NULL, &err), 0,
	    "nothing is below a file");
	is_int(file_look(AT_FDCWD, "nowhere", 0, NULL, &err), 0,
	    "what a link does not lead to");
	is_int(file_look(AT_FDCWD, "nowhere", AT_SYMLINK_NOFOLLOW, NULL, &err),
	    1, "the link itself");
	is_int(err.code, 0, "these are answers");
	is_int(file_look(AT_FDCWD, too_long, 0, NULL, &err), -ENAMETOOLONG,
	    "what can't be looked at is no answer");
	is_int(err.code, -ENAMETOOLONG, "and is named");
}

static int
count(const char *name, void *data)
{
	(void)name;
	++*(int *)data;
	return 0;
}

static int
stop_at_a(const char *name, void *data)
{
	(void)data;
	return strcmp(name, "a") == 0 ? 7 : 0;
}

static void
test_names(void)
{
	struct err err = ERR_INIT;
	int n = 0;

	is_int(file_each_name(AT_FDCWD, ".", count, &n, &err), 0, "all names");
	is_int(n, 4, "without the dots");
	is_int(file_each_name(AT_FDCWD, ".", stop_at_a, NULL, &err), 7,
	    "until one is enough");
	is_int(file_each_name(AT_FDCWD, "none", count, &n, &err), -ENOENT,
	    "no directory");
	allow_descriptors(false);
	n = file_each_name(AT_FDCWD, ".", count, &n, &err);
	allow_descriptors(true);
	is_int(n, -EMFILE, "one that can't be opened");
}

static void
test_read(void)
{
	struct err err = ERR_INIT;
	struct buf out;
	int there;

	buf_init(&out, 1024 * 1024);
	buf_adds(&out, "x");
	is_int(file_read_if_there(AT_FDCWD, "a", &out, &err), 1, "a file");
	is_text(out.data, "xone", "is appended");
	is_int(file_read_if_there(AT_FDCWD, "none", &out, &err), 0, "no file");
	is_int(file_read_if_there(AT_FDCWD, "link", &out, &err), 0,
	    "a link is no file here");
	is_int(err.code, 0, "these are answers");
	allow_descriptors(false);
	there = file_read_if_there(AT_FDCWD, "a", &out, &err);
	allow_descriptors(true);
	is_int(there, -EMFILE, "one that can't be opened");
	is_text(out.data, "xone", "nothing was appended");
	buf_release(&out);
}

static void
test_through_links(void)
{
	struct err err = ERR_INIT;
	int fd = file_open_through_links(AT_FDCWD, "link", NULL, &err);

	ok(fd >= 0, "a link leads to a file");
	if (fd >= 0)
		close(fd);
	is_int(file_open_through_links(AT_FDCWD, "nowhere", NULL, &err),
	    -ENOLINK, "or to none");
	is_int(file_open_through_links(AT_FDCWD, "none", NULL, &err), -ENOENT,
	    "no file");
	is_int(file_open_through_links(AT_FDCWD, "/dev/null", NULL, &err),
	    -EINVAL, "a device");
}

static void
test_real(void)
{
	char *lost = xasprintf("%s/%s/b", dir, too_long);
	struct err err = ERR_INIT;
	char *real;

	real = path_real("none/b", &err);
	ok(real != NULL && strcmp(path_base(real), "b") == 0,
	    "a path that does not exist yet");
	free(real);
	ok(path_real(lost, &err) == NULL, "one that can't be looked at");
	is_int(err.code, -ENAMETOOLONG, "and why");
	free(lost);
}

int
main(void)
{
	memset(too_long, 'n', sizeof too_long - 1);
	if (mkdtemp(dir) == NULL || chdir(dir) < 0)
		die("no temporary directory");
	write_file("a", "one");
	write_file("b", "two");
	if (symlink("a", "link") < 0 || symlink("none", "nowhere") < 0)
		die("no links");
	test_look();
	test_names();
	test_read();
	test_through_links();
	test_real();
	unlink("a");
	unlink("b");
	unlink("link");
	unlink("nowhere");
	if (chdir("/") < 0 || rmdir(dir) < 0)
		die("something is left in %s", dir);
	return done_testing();
}
