/*
 * The system calls by which insideLLMs' Python writes the files of a run
 * directory. Header only, because each test program is one source file.
 *
 *	make_dirs(dir);                          Path.mkdir(parents, exist_ok)
 *	replace_file(dir, name, bytes);          .NAME.tmp, fsync, rename
 *	write_in_place(dir, name, bytes);        open("w"), write, close
 *	write_text(dir, name, text);             the same
 *	link_file(dir, kind, target, name);      symlink, else link, else copy
 *	copy_file(from, to);                     shutil.copy2
 *	empty_dir(dir); remove_dir(dir);         shutil.rmtree
 *
 * Every call that fails ends the program with status 99 and a line on standard
 * error: a test must not pass because its writer failed.
 */
#ifndef PROGRAMS_RUNDIR_H
#define PROGRAMS_RUNDIR_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#define WRITER_FAILED 99

struct bytes {
	char *data; /* NULL: no such file */
	size_t len;
};

static void
fail(const char *call, const char *path)
{
	fprintf(stderr, "writer: %s %s: %s\n", call, path, strerror(errno));
	_exit(WRITER_FAILED);
}

/* The caller frees. */
static char *
path_join(const char *dir, const char *name)
{
	char *path = NULL;

	if (asprintf(&path, "%s/%s", dir, name) < 0)
		fail("asprintf", name);
	return path;
}

static struct bytes
read_whole(const char *path)
{
	struct bytes b = {NULL, 0};
	struct stat st;
	int fd = open64(path, O_RDONLY | O_CLOEXEC);

	if (fd == -1 && errno == ENOENT)
		return b;
	if (fd == -1 || fstat(fd, &st) == -1)
		fail("open", path);
	b.data = malloc((size_t)st.st_size + 1);
	while (b.data != NULL && b.len < (size_t)st.st_size) {
		ssize_t n =
		    read(fd, b.data + b.len, (size_t)st.st_size - b.len);

		if (n <= 0)
			break;
		b.len += (size_t)n;
	}
	if (b.data == NULL || b.len != (size_t)st.st_size)
		fail("read", path);
	b.data[b.len] = '\0';
	close(fd);
	return b;
}

static struct bytes
read_in(const char *dir, const char *name)
{
	char *path = path_join(dir, name);
	struct bytes b = read_whole(path);

	free(path);
	return b;
}

static void
write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			fail("write", "");
		data += n;
		len -= (size_t)n;
	}
}

static int
open_to_write(const char *path, int flags)
{
	int fd = open64(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0666);

	if (fd == -1)
		fail("open", path);
	return fd;
}

/* As pathlib does it: the directory first, parents only when they are
 * missing. */
__attribute__((unused)) static void
make_dirs(const char *path)
{
	char parent[PATH_MAX];
	char *slash;

	if (mkdir(path, 0777) == 0 || errno == EEXIST)
		return;
	if (errno != ENOENT ||
	    snprintf(parent, sizeof(parent), "%s", path) >= (int)sizeof(parent))
		fail("mkdir", path);
	slash = strrchr(parent, '/');
	if (slash == NULL || slash == parent)
		fail("mkdir", path);
	*slash = '\0';
	make_dirs(parent);
	if (mkdir(path, 0777) == -1 && errno != EEXIST)
		fail("mkdir", path);
}

__attribute__((unused)) static void
replace_file(const char *dir, const char *name, struct bytes b)
{
	char *path = path_join(dir, name);
	char *temp = NULL;
	int fd;

	if (asprintf(&temp, "%s/.%s.tmp", dir, name) < 0)
		fail("asprintf", name);
	fd = open_to_write(temp, O_TRUNC);
	write_all(fd, b.data, b.len);
	fsync(fd);
	close(fd);
	if (rename(temp, path) == -1)
		fail("rename", path);
	free(temp);
	free(path);
}

__attribute__((unused)) static void
write_in_place(const char *dir, const char *name, struct bytes b)
{
	char *path = path_join(dir, name);
	int fd = open_to_write(path, O_TRUNC);

	write_all(fd, b.data, b.len);
	close(fd);
	free(path);
}

__attribute__((unused)) static void
write_text(const char *dir, const char *name, const char *text)
{
	write_in_place(dir, name, (struct bytes){(char *)text, strlen(text)});
}

/* With times and mode. */
__attribute__((unused)) static void
copy_file(const char *from, const char *to)
{
	struct stat st;
	int in = open64(from, O_RDONLY | O_CLOEXEC), out;

	if (in == -1 || fstat(in, &st) == -1)
		fail("open", from);
	out = open_to_write(to, O_TRUNC);
	for (off_t left = st.st_size; left > 0;) {
		ssize_t n = sendfile(out, in, NULL, (size_t)left);

		if (n <= 0)
			fail("sendfile", to);
		left -= n;
	}
	close(in);
	close(out);
	if (utimensat(AT_FDCWD, to,
		(struct timespec[2]){st.st_atim, st.st_mtim}, 0) == -1 ||
	    chmod(to, st.st_mode & 07777) == -1)
		fail("copystat", to);
}

/* results.jsonl and its like; kind is "symlink", "hard" or "copy". */
__attribute__((unused)) static void
link_file(
    const char *dir, const char *kind, const char *target, const char *name)
{
	char *from = path_join(dir, target);
	char *to = path_join(dir, name);

	if (unlink(to) == -1 && errno != ENOENT)
		fail("unlink", to);
	if (strcmp(kind, "copy") == 0)
		copy_file(from, to);
	else if (strcmp(kind, "hard") == 0 ? link(from, to) == -1
					   : symlink(target, to) == -1)
		fail("link", to);
	free(from);
	free(to);
}

__attribute__((unused)) static bool
exists_in(const char *dir, const char *name)
{
	char *path = path_join(dir, name);
	bool there = access(path, F_OK) == 0;

	free(path);
	return there;
}

__attribute__((unused)) static bool
dir_is_empty(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;
	bool empty = true;

	if (d == NULL)
		return errno == ENOENT;
	while (empty && (e = readdir(d)) != NULL)
		empty =
		    strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;
	closedir(d);
	return empty;
}

/* shutil.rmtree goes by descriptor; a run directory has no directories. */
__attribute__((unused)) static void
remove_dir(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;

	if (d == NULL)
		fail("opendir", path);
	while ((e = readdir(d)) != NULL)
		if (strcmp(e->d_name, ".") != 0 &&
		    strcmp(e->d_name, "..") != 0 &&
		    unlinkat(dirfd(d), e->d_name, 0) == -1)
			fail("unlinkat", e->d_name);
	closedir(d);
	if (rmdir(path) == -1)
		fail("rmdir", path);
}

#endif
