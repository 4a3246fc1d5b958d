/*
 * What the fuzz targets share: a check that ends the process, the parts of an
 * input that stands for several files, a directory to write in.
 *
 * A target is one function, called with any bytes. It must leave nothing open,
 * and no file but below fuzz_dir().
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/die.h"
#include "base/file.h"
#include "format/jsonscan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define expect(good) ((good) ? (void)0 : fuzz_fail(__FILE__, __LINE__, #good))

__attribute__((noreturn, unused)) static void
fuzz_fail(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: not so: %s\n", file, line, what);
	abort();
}

/* An input that stands for several files has lines "----" between them. The
 * next part as a string, without the line end before such a line; *rest moves
 * behind it. Allocated; "" when none is left. */
__attribute__((unused)) static char *
fuzz_part(const char **rest, const char *end, size_t *len)
{
	static const char line[] = "\n----\n";
	const char *start = *rest, *stop = end;

	if (start < end)
		stop =
		    memmem(start, (size_t)(end - start), line, sizeof line - 1);
	*rest = stop != NULL ? stop : end;
	if (stop == NULL)
		stop = end;
	else if (stop < end)
		*rest += sizeof line - 1;
	*len = (size_t)(stop - start);
	/* Of exactly this length, so that reading past its end is seen. */
	return memcpy(xcalloc(*len + 1, 1), start, *len);
}

static char fuzz_dir_path[4096];

static int
fuzz_remove(
    const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st;
	(void)kind;
	if (where->level > 0 && remove(path) < 0)
		fuzz_fail(path, 0, "removed");
	return 0;
}

/* Empties it, for the next input. */
__attribute__((unused)) static void
fuzz_clear(void)
{
	nftw(fuzz_dir_path, fuzz_remove, 16, FTW_DEPTH | FTW_PHYS);
}

static void
fuzz_leave(void)
{
	fuzz_clear();
	rmdir(fuzz_dir_path);
}

/* A directory of this process's own, empty at first; gone when it exits. */
__attribute__((unused)) static const char *
fuzz_dir(void)
{
	const char *below = getenv("TMPDIR");

	if (fuzz_dir_path[0] != '\0')
		return fuzz_dir_path;
	if (below == NULL || below[0] == '\0')
		below = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	snprintf(fuzz_dir_path, sizeof fuzz_dir_path, "%s/itrack-fuzz-XXXXXX",
	    below);
	if (mkdtemp(fuzz_dir_path) == NULL)
		fuzz_fail(fuzz_dir_path, 0, "a directory");
	atexit(fuzz_leave);
	return fuzz_dir_path;
}

/* "<fuzz_dir()>/<name>". Allocated. */
__attribute__((unused)) static char *
fuzz_path(const char *name)
{
	return xasprintf("%s/%s", fuzz_dir(), name);
}

/* Makes the directory and those above it. Allocated. */
__attribute__((unused)) static char *
fuzz_make_dir(const char *name)
{
	char *path = fuzz_path(name);

	expect(file_make_dirs(path, 0700, NULL) == 0);
	return path;
}

/* Writes the file `name`, whose directory is there. */
__attribute__((unused)) static void
fuzz_put(const char *name, const void *bytes, size_t len)
{
	char *path = fuzz_path(name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	expect(fd >= 0 && file_write_all(fd, bytes, len, NULL) == 0);
	close(fd);
	free(path);
}

/* Writes the next part to that file. Any part may be empty or missing: then there
 * is no such file. */
__attribute__((unused)) static void
fuzz_put_part(const char *name, const char **rest, const char *end)
{
	size_t len;
	char *text = fuzz_part(rest, end, &len);

	if (len > 0)
		fuzz_put(name, text, len);
	free(text);
}

/* Its content; the caller releases it. */
__attribute__((unused)) static void
fuzz_get(const char *name, struct buf *bytes)
{
	char *path = fuzz_path(name);

	buf_init(bytes, (size_t)1 << 30);
	buf_adds(bytes, "");
	expect(file_read_all(AT_FDCWD, path, bytes, NULL) == 0);
	free(path);
}

/* One whole value of JSON, in ASCII. */
__attribute__((unused)) static void
fuzz_expect_json(const char *bytes, size_t len)
{
	struct json_span root;

	expect(jsonscan_whole(bytes, len, &root) == 0);
	for (size_t i = 0; i < len; i++)
		expect((unsigned char)bytes[i] < 0x7f);
}

/* Are both the same text, or both none? */
__attribute__((unused)) static bool
fuzz_same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

#endif
