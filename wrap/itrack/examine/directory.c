#include "wrap/itrack/examine/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/die.h"
#include "base/file.h"
#include "base/lines.h"
#include "wrap/itrack/examine/documents.h"
#include "wrap/itrack/examine/records.h"
#include "mapping/documents.h"
#include "mapping/names.h"

#define MARKER_CONTENT "insideLLMs run directory\n"
/* summary.json grows with the number of models and probes only. */
#define DOCUMENT_MAX ((size_t)64 * 1024 * 1024)
/* A comparison needs no more memory than this. */
#define COMPARE_CHUNK_BYTES ((size_t)64 * 1024)

void
check_add(struct check *c, enum check_kind kind, uint64_t line,
    const char *format, ...)
{
	struct defect *defect = &c->defects[kind];
	va_list ap;

	if (defect->count++ > 0)
		return;
	defect->line = line;
	if (format == NULL)
		return;
	va_start(ap, format);
	defect->detail = xvasprintf(format, ap);
	va_end(ap);
}

void
check_release(struct check *c)
{
	size_t i;

	for (i = 0; i < CHECK_COUNT; i++)
		free(c->defects[i].detail);
	*c = (struct check){0};
}

/* Opens one of the run's files, also through links, as an import does; what is
 * wrong with it is a defect. -ENOENT: it is not there. */
static int
open_file(struct check *c, int dir, const char *name, struct stat *st)
{
	int fd = file_open_through_links(dir, name, st, NULL);

	if (fd == -EINVAL || fd == -ELOOP || fd == -ENOLINK)
		check_add(c, CHECK_NOT_REGULAR, 0, "%s", name);
	else if (fd < 0 && fd != -ENOENT)
		check_add(
		    c, CHECK_UNREADABLE, 0, "%s: %s", name, strerror(-fd));
	return fd;
}

static void
check_marker(struct check *c, int dir)
{
	char content[sizeof MARKER_CONTENT];
	ssize_t n;
	int fd = open_file(c, dir, MARKER_FILE, NULL);

	if (fd == -ENOENT)
		check_add(c, CHECK_MISSING_MARKER, 0, NULL);
	if (fd < 0)
		return;
	n = read(fd, content, sizeof content);
	if (n < 0)
		check_add(c, CHECK_UNREADABLE, 0, MARKER_FILE ": %s",
		    strerror(errno));
	else if (n != (ssize_t)strlen(MARKER_CONTENT) ||
	    memcmp(content, MARKER_CONTENT, (size_t)n) != 0)
		check_add(c, CHECK_BAD_MARKER, 0, NULL);
	close(fd);
}

static void
check_config(struct check *c, int dir)
{
	struct stat st;
	int fd = open_file(c, dir, CONFIG_FILE, &st);

	if (fd == -ENOENT)
		check_add(c, CHECK_MISSING_CONFIG, 0, NULL);
	if (fd < 0)
		return;
	if (st.st_size == 0)
		check_add(c, CHECK_EMPTY_CONFIG, 0, NULL);
	close(fd);
}

static void
check_temporaries(struct check *c, int dir)
{
	static const char *const names[] = {".config.resolved.yaml.tmp",
	    ".manifest.json.tmp", ".explain.json.tmp"};
	size_t i;

	for (i = 0; i < sizeof names / sizeof names[0]; i++) {
		int there =
		    file_look(dir, names[i], AT_SYMLINK_NOFOLLOW, NULL, NULL);

		if (there > 0)
			check_add(
			    c, CHECK_LEFTOVER_TEMPORARY, 0, "%s", names[i]);
		else if (there < 0)
			check_add(c, CHECK_UNREADABLE, 0, "%s: %s", names[i],
			    strerror(-there));
	}
}

static int
check_records(
    struct check *c, struct check_records *records, int dir, struct err *err)
{
	struct lines lines;
	const char *line;
	size_t len;
	int fd = open_file(c, dir, RECORDS_FILE, NULL), r;

	if (fd == -ENOENT)
		check_add(c, CHECK_MISSING_RECORDS, 0, NULL);
	if (fd < 0)
		return 0;
	lines_init(&lines, fd);
	while ((r = lines_next(&lines, &line, &len, err)) > 0)
		check_records_line(records, r == LINES_LINE ? line : NULL, len);
	check_records_end(records, lines_torn(&lines));
	lines_release(&lines);
	close(fd);
	return r;
}

/* Reads as much as there is, up to `len`. */
static ssize_t
read_full(int fd, char *data, size_t len)
{
	size_t done = 0;
	ssize_t n = 1;

	while (done < len && n > 0) {
		n = read(fd, data + done, len - done);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n > 0)
			done += (size_t)n;
	}
	return n < 0 ? n : (ssize_t)done;
}

/* 1, 0, or a negative errno. */
static int
equal_content(int a, int b)
{
	char *x = xmalloc(2 * COMPARE_CHUNK_BYTES);
	char *y = x + COMPARE_CHUNK_BYTES;
	ssize_t n, other;
	int equal;

	do {
		n = read_full(a, x, COMPARE_CHUNK_BYTES);
		other = n < 0 ? n : read_full(b, y, COMPARE_CHUNK_BYTES);
		equal = other < 0 ? -errno
				  : other == n && memcmp(x, y, (size_t)n) == 0;
	} while (equal > 0 && n > 0);
	free(x);
	return equal;
}

/* Does the link lead to no file that can be read? */
static bool
is_astray(int dir, const char *name)
{
	int fd = file_open_through_links(dir, name, NULL, NULL);

	if (fd >= 0)
		close(fd);
	return fd < 0;
}

/* results.jsonl is a link to records.jsonl, symbolic or hard, or a copy. */
static void
check_results(struct check *c, int dir, bool expected)
{
	struct stat records, results;
	int a, b, there;

	there = file_look(
	    dir, "results.jsonl", AT_SYMLINK_NOFOLLOW, &results, NULL);
	if (there < 0)
		check_add(c, CHECK_UNREADABLE, 0, "results.jsonl: %s",
		    strerror(-there));
	else if (there == 0 && expected)
		check_add(c, CHECK_MISSING_RESULTS, 0, NULL);
	if (there <= 0)
		return;
	if (S_ISLNK(results.st_mode) && is_astray(dir, "results.jsonl")) {
		check_add(c, CHECK_RESULTS_DIFFER, 0, "another link");
		return;
	}
	a = file_open_through_links(dir, RECORDS_FILE, &records, NULL);
	b = open_file(c, dir, "results.jsonl", &results);
	if (a >= 0 && b >= 0 &&
	    (records.st_dev != results.st_dev ||
		records.st_ino != results.st_ino))
		there = equal_content(a, b);
	if (there < 0)
		check_add(c, CHECK_UNREADABLE, 0, "results.jsonl: %s",
		    strerror(-there));
	else if (there == 0)
		check_add(c, CHECK_RESULTS_DIFFER, 0, NULL);
	if (a >= 0)
		close(a);
	if (b >= 0)
		close(b);
}

enum there { ABSENT, NOT_READ, READ };

/* The document's bytes, if it is there and can be read. */
static enum there
read_document(struct check *c, int dir, const char *name, struct buf *out)
{
	int fd = open_file(c, dir, name, NULL);

	buf_init(out, DOCUMENT_MAX);
	if (fd < 0)
		return fd == -ENOENT ? ABSENT : NOT_READ;
	close(fd);
	if (file_read_through_links(dir, name, out, NULL) == 0)
		return READ;
	check_add(c, CHECK_UNREADABLE, 0, "%s", name);
	return NOT_READ;
}

static void
check_documents(struct check *c, const struct check_records *records, int dir)
{
	const struct mapping *m = &records->mapping;
	struct buf manifest, summary, explain;
	struct json_span root;
	enum there finished, summed_up;
	bool harness;

	finished = read_document(c, dir, MANIFEST_FILE, &manifest);
	root = document_root(manifest.data, manifest.len);
	if (finished == ABSENT)
		check_add(c, CHECK_MISSING_MANIFEST, 0, NULL);
	if (finished == READ && root.type != JSON_OBJECT)
		check_add(c, CHECK_MALFORMED_MANIFEST, 0, NULL);
	harness = check_manifest(c, m, &root) && finished != ABSENT;
	summed_up = read_document(c, dir, SUMMARY_FILE, &summary);
	if (summed_up == READ)
		check_summary(c, m, summary.data, summary.len);
	if (summed_up == ABSENT && harness)
		check_add(c, CHECK_MISSING_SUMMARY, 0, NULL);
	if (read_document(c, dir, EXPLAIN_FILE, &explain) == READ)
		check_explain(c, &root, explain.data, explain.len);
	check_results(c, dir, harness);
	buf_release(&manifest);
	buf_release(&summary);
	buf_release(&explain);
}

int
check_directory(struct check *c, const char *path, struct err *err)
{
	struct check_records records;
	int dir, r;

	*c = (struct check){0};
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_errno(err, "%s", path);
	check_records_init(&records, c);
	check_marker(c, dir);
	check_config(c, dir);
	check_temporaries(c, dir);
	r = check_records(c, &records, dir, err);
	check_documents(c, &records, dir);
	check_records_release(&records);
	close(dir);
	return r < 0 ? err_prefix(err, "%s", path) : 0;
}
