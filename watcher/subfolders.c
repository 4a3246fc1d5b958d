#include "watcher/subfolders.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/file.h"
#include "base/folder.h"
#include "base/lines.h"
#include "base/scan.h"
#include "format/text.h"

/* A receipt has some hundred bytes, and a verdict some thousand. */
#define RECEIPT_MAX ((size_t)64 * 1024)
#define VERDICT_MAX ((size_t)1024 * 1024)
#define CALLS_FILE  "receipts/calls.jsonl"
/* Behind the artifacts of the directory itself and the results file. */
#define FIRST_NUMBER (SETTLE_FILES + 2)
/* A part of what may be kept of a run: the rest is for the others. */
#define KEEP_BYTES (SETTLE_KEEP_BYTES / 4)

static const char *const folders[] = {"receipts", "receipts/scitt",
    "attestations", "integrity", "policy", "signing"};

void
subfolders_init(struct subfolders *x, const struct settle_config *config)
{
	*x = (struct subfolders){.config = *config};
	buf_init(&x->verdict, VERDICT_MAX);
	receipts_init(&x->receipts);
}

static void
forget(struct subfolders *x)
{
	for (size_t i = 0; i < x->len; i++) {
		free(x->list[i].name);
		free(x->list[i].kept.name);
	}
	x->len = x->beyond = 0;
	x->kept_bytes = 0;
	x->has_receipts = false;
	receipts_release(&x->receipts);
	buf_reset(&x->verdict);
}

void
subfolders_release(struct subfolders *x)
{
	forget(x);
	buf_release(&x->verdict);
}

static void
refuse(struct subfolders *x, const char *name, const char *why)
{
	x->config.refused(name, why, x->config.data);
}

static int
read_receipts(struct subfolders *x, int fd, struct err *err)
{
	struct lines lines;
	const char *line;
	size_t len;
	int result;

	receipts_init(&x->receipts);
	x->has_receipts = true;
	lines_init(&lines, fd);
	lines.line_max = RECEIPT_MAX;
	while ((result = lines_next(&lines, &line, &len, err)) > 0)
		if (result == LINES_LINE)
			receipts_line(&x->receipts, line, len);
		else
			x->receipts.malformed++;
	/* insideLLMs ends each line: what is behind the last was cut off. */
	x->receipts.malformed += result == 0 && lines_torn(&lines) > 0;
	lines_release(&lines);
	return result;
}

static int
read_content(struct subfolders *x, const char *name, int fd)
{
	struct err err = ERR_INIT;
	int result = 0;

	if (strcmp(name, CALLS_FILE) == 0) {
		result = read_receipts(x, fd, &err);
	} else if (strcmp(name, "policy/verdict.json") == 0) {
		result = file_read_rest(fd, name, &x->verdict, &err);
		if (result < 0)
			buf_reset(&x->verdict);
	}
	if (result < 0)
		refuse(x, name, err.message);
	return file_is_unknown(result) ? result : 0;
}

static void
keep(struct subfolders *x, struct subfolders_file *extra, int fd)
{
	struct err err = ERR_INIT;
	int result;

	if (x->config.keep == NULL || x->kept_bytes + extra->size > KEEP_BYTES)
		return;
	result =
	    x->config.keep(extra->name, FIRST_NUMBER + (int)(extra - x->list),
		fd, &extra->kept, &err, x->config.data);
	if (result == 0) {
		extra->size = extra->kept.bytes;
		x->kept_bytes += extra->size;
	} else if (result != -ENOTSUP) {
		refuse(x, extra->name, err.message);
	}
}

static void
add(struct subfolders *x, const char *name, int fd, const struct stat *st)
{
	struct subfolders_file *extra = &x->list[x->len];

	if (x->len == SUBFOLDERS_FILES_MAX) {
		x->beyond++;
		return;
	}
	x->len++;
	*extra = (struct subfolders_file){.name = text_path_text(name),
	    .mode = st->st_mode & 0777,
	    .size = st->st_size,
	    .mtime_ns = clock_ns(&st->st_mtim),
	    .inode = st->st_ino};
	keep(x, extra, fd);
}

/* One of the other folders is no file, and no error. */
static bool
is_folder(int folder, const char *name)
{
	struct stat st;

	return fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISDIR(st.st_mode);
}

static int
take_file(struct subfolders *x, int folder, const char *in, const char *base)
{
	char *name = xasprintf("%s/%s", in, base);
	struct err err = ERR_INIT;
	struct stat st;
	int fd = file_open_regular(folder, base, &st, &err), result = 0;

	if (fd >= 0) {
		result = read_content(x, name, fd);
		if (x->config.choice != ARTIFACTS_NONE &&
		    lseek(fd, 0, SEEK_SET) == 0)
			add(x, name, fd, &st);
		close(fd);
	} else if (file_is_unknown(fd)) {
		refuse(x, name, strerror(-fd));
		result = fd;
	} else if (!file_is_absent(fd) && !is_folder(folder, base)) {
		refuse(x, name, "not a regular file");
	}
	free(name);
	return result;
}

/* A temporary name of insideLLMs is not the file's yet. */
static int
is_wanted(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int
take_folder(struct subfolders *x, int dir_fd, const char *path)
{
	struct err err = ERR_INIT;
	struct dirent **list = NULL;
	int folder = folder_open(dir_fd, path, false, &err), result = 0;
	int count = 0;

	if (folder >= 0)
		count = scan_folder(folder, &list, is_wanted, alphasort);
	if (folder < 0 || count < 0)
		result = folder < 0 ? folder : -errno;
	for (int i = 0; i < count; i++) {
		int one = take_file(x, folder, path, list[i]->d_name);

		result = one < 0 ? one : result;
		free(list[i]);
	}
	free(list);
	if (folder >= 0)
		close(folder);
	if (folder >= 0 && count >= 0)
		return result;
	if (!file_is_absent(result))
		refuse(x, path,
		    result == -ELOOP ? "a link, not followed"
				     : strerror(-result));
	return file_is_unknown(result) && result != -ELOOP ? result : 0;
}

static void
say_counts(struct subfolders *x)
{
	char *why;

	if (x->receipts.malformed > 0) {
		why = xasprintf("%ju lines are no receipts",
		    (uintmax_t)x->receipts.malformed);
		refuse(x, CALLS_FILE, why);
		free(why);
	}
	if (x->beyond > 0) {
		why = xasprintf("%zu files beyond %d are no artifacts",
		    x->beyond, SUBFOLDERS_FILES_MAX);
		refuse(x, "receipts, attestations and the like", why);
		free(why);
	}
}

int
subfolders_take(struct subfolders *x, int dir_fd)
{
	int result = 0;

	forget(x);
	for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
		int one = take_folder(x, dir_fd, folders[i]);

		result = one < 0 ? one : result;
	}
	say_counts(x);
	return result;
}

void
subfolders_emit(struct subfolders *x, const char *dir_text, int64_t time_us)
{
	for (size_t i = 0; i < x->len; i++) {
		struct subfolders_file *extra = &x->list[i];
		struct entry e;

		if (dir_text == NULL && extra->kept.name == NULL) {
			refuse(
			    x, extra->name, "gone, and nothing was kept of it");
			continue;
		}
		entry_init(&e, ENTRY_ARTIFACT, time_us);
		e.artifact.name = xstrdup(extra->name);
		e.artifact.type = xstrdup("file");
		e.artifact.path = xasprintf("%s/%s",
		    dir_text == NULL || strcmp(dir_text, "/") == 0 ? ""
								   : dir_text,
		    extra->name);
		e.artifact.kept = extra->kept.name;
		extra->kept.name = NULL;
		if (e.artifact.kept != NULL)
			e.artifact.mode = extra->mode;
		e.artifact.size = extra->size;
		e.artifact.mtime_ns = extra->mtime_ns;
		e.artifact.inode = extra->inode;
		x->config.emit(&e, x->config.data);
	}
}
