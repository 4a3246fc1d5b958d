#include "watcher/records.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/die.h"
#include "base/file.h"
#include "base/lines.h"
#include "mapping/decode.h"
#include "mapping/documents.h"
#include "mapping/names.h"
#include "watcher/survey.h"

#define CHUNK_BYTES (256 * 1024)

static int
unpack_into(int to, gzFile from, const char *name, struct err *err)
{
	char *chunk = xmalloc(CHUNK_BYTES);
	int n, ignored, result = 0;

	while (result == 0 && (n = gzread(from, chunk, CHUNK_BYTES)) > 0)
		if (file_write_all(to, chunk, (size_t)n, err) < 0)
			result = err_prefix(err, "%s, unpacked", name);
	free(chunk);
	/* Only the close reports a file that ends in the middle. */
	if (result == 0 && n < 0)
		result = err_set(err, -EBADMSG, "%s: can't be unpacked: %s",
		    name, gzerror(from, &ignored));
	return result;
}

/* `packed` is taken over. */
static int
unpack(int packed, const char *name, struct stat *st, struct err *err)
{
	gzFile from = gzdopen(packed, "rb");
	int to, result;

	if (from == NULL) {
		close(packed);
		return err_set(err, -ENOMEM, "%s: can't be unpacked", name);
	}
	to = file_nameless(true, err);
	result = to < 0 ? to : unpack_into(to, from, name, err);
	if (gzclose_r(from) != Z_OK && result == 0)
		result = err_set(err, -EBADMSG,
		    "%s: can't be unpacked: it ends in the middle", name);
	if (result == 0 &&
	    (lseek(to, 0, SEEK_SET) < 0 ||
		(st != NULL && file_stat(to, st) < 0)))
		result = err_errno(err, "%s", name);
	if (result == 0)
		return to;
	if (to >= 0)
		close(to);
	return result;
}

static int
open_name(int dir_fd, const char *name, struct stat *st, struct err *err)
{
	unsigned char magic[2];
	int fd = file_open_through_links(dir_fd, name, st, err), code;
	ssize_t n;

	if (fd < 0)
		return fd;
	n = file_read_at(fd, magic, sizeof magic, 0);
	if (n < 0) {
		code = err_set(err, (int)n, "%s: %s", name, strerror((int)-n));
		close(fd);
		return code;
	}
	if (n == sizeof magic && magic[0] == 0x1f && magic[1] == 0x8b)
		return unpack(fd, name, st, err);
	return fd;
}

static int
open_either(int dir_fd, const char *name, struct stat *st, struct err *err)
{
	int fd = open_name(dir_fd, name, st, err);
	char *packed;

	if (fd != -ENOENT)
		return fd;
	packed = xasprintf("%s.gz", name);
	fd = open_name(dir_fd, packed, st, err);
	free(packed);
	return fd;
}

/* Reads the manifest. Returns 0 also if there is none. */
static int
read_manifest(int dir_fd, struct manifest *manifest, struct err *err)
{
	struct buf bytes;
	int there;

	buf_init(&bytes, SURVEY_MANIFEST_MAX);
	there = file_read_linked_if_there(dir_fd, MANIFEST_FILE, &bytes, err);
	manifest_read(manifest, there > 0 ? bytes.data : NULL, bytes.len);
	buf_release(&bytes);
	return there < 0 ? there : 0;
}

int
records_open(int dir_fd, struct stat *st, struct err *err)
{
	int fd = open_either(dir_fd, RECORDS_FILE, st, err);
	struct manifest manifest;
	int result;

	if (fd != -ENOENT)
		return fd;
	result = read_manifest(dir_fd, &manifest, err);
	if (result < 0)
		fd = result;
	else if (manifest.records_file != NULL)
		fd = open_either(dir_fd, manifest.records_file, st, err);
	manifest_release(&manifest);
	return fd;
}

/* Tells what the lines up to the first record were. */
struct probe {
	bool any; /* a line that is not blank */
	bool array, utf16, found;
};

static void
look_at(struct probe *p, const char *line, size_t len)
{
	struct record record;
	size_t blank = 0;

	while (blank < len && strchr(" \t\r", line[blank]) != NULL)
		blank++;
	if (!p->any && len >= 2 &&
	    (memcmp(line, "\xff\xfe", 2) == 0 ||
		memcmp(line, "\xfe\xff", 2) == 0 ||
		memchr(line, '\0', len < 4 ? len : 4) != NULL))
		p->utf16 = true;
	/* The bracket is alone in its line: the lines that follow are members
	 * of one document. */
	if (!p->any && blank < len && line[blank] == '[' &&
	    strspn(line + blank + 1, " \t\r") >= len - blank - 1)
		p->array = true;
	switch (decode_line(&record, line, len)) {
	case DECODED_RECORD:
		p->found = true;
		break;
	case DECODED_MALFORMED:
		p->any = true;
		break;
	case DECODED_BLANK:
		break;
	}
}

static int
probe_lines(int fd, struct probe *p, struct err *err)
{
	struct lines lines;
	const char *line;
	size_t len;
	int r;

	lines_init(&lines, fd);
	while (!p->found && (r = lines_next(&lines, &line, &len, err)) > 0) {
		if (r == LINES_LINE)
			look_at(p, line, len);
		else
			p->any = true;
	}
	if (!p->found && r == 0 && lines_rest(&lines, &line, &len))
		look_at(p, line, len);
	lines_release(&lines);
	return p->found ? 0 : r;
}

static int
judge(const struct probe *p, const struct manifest *manifest, struct err *err)
{
	if (p->array)
		return err_set(err, -EBADMSG,
		    "the records are one JSON array over several lines, not a "
		    "JSON object in each line");
	if (p->found)
		return 0;
	if (p->utf16)
		return err_set(err, -EBADMSG,
		    "the records are UTF-16 or binary, not UTF-8");
	if (p->any && manifest->there)
		return err_set(
		    err, -EBADMSG, "no line of the records is a JSON object");
	if (manifest->record_count > 0)
		return err_set(err, -ENODATA,
		    "the manifest counts %lld records, and there is none",
		    (long long)manifest->record_count);
	return 0;
}

int
records_probe(const char *dir, struct err *err)
{
	struct probe probe = {0};
	struct manifest manifest;
	int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd, result;

	if (dir_fd < 0)
		return err_errno(err, "%s", dir);
	result = read_manifest(dir_fd, &manifest, err);
	fd = result == 0 ? records_open(dir_fd, NULL, err) : result;
	if (fd >= 0)
		result = probe_lines(fd, &probe, err);
	else if (fd != -ENOENT)
		result = fd;
	if (result == 0)
		result = judge(&probe, &manifest, err);
	if (fd >= 0)
		close(fd);
	close(dir_fd);
	manifest_release(&manifest);
	return result < 0 ? err_prefix(err, "%s", dir) : 0;
}
