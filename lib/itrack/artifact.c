/* Artifacts: files, directories, the program's own state. */
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
#include "base/path.h"
#include "base/process.h"
#include "format/jsonwrite.h"
#include "format/text.h"
#include "itrack/handle.h"
#include "base/git.h"

/* How deep folders may be nested; symbolic links are not followed, so only a
 * hostile tree is deeper. */
#define DEPTH_MAX 64
/* Room for a path and a digest. */
#define CODE_BYTES_MAX ((size_t)64 * 1024)
#define TYPE_DEFAULT   "file"

struct logging {
	struct run *run; /* NULL: only check if all can be read */
	const char *type;
	bool link; /* the path itself may be a link */
	bool ours; /* the file stays as it is until it is delivered */
};

/* A name for a file beside the journal that no other has; allocated. */
static char *
kept_name(struct run *run)
{
	int64_t size = journal_size(run->journal);

	/* An entry that could not be written yet may have the size's number. */
	run->kept = size > run->kept ? size : run->kept + 1;
	return xasprintf("%s%lld", JOURNAL_KEPT_PREFIX, (long long)run->kept);
}

/* Takes the file's bytes of this moment, so that it may change or go when the
 * call has returned. Where there is no room for them the file is read where it
 * lies, and whoever ends the run hears of it if it has changed before. */
static void
keep_file(
    struct run *run, struct entry_artifact *a, const char *path, bool link)
{
	char *kept = kept_name(run);
	struct stat st;
	int64_t bytes;
	int fd = link ? file_open_through_links(AT_FDCWD, path, &st, NULL)
		      : file_open_regular(AT_FDCWD, path, &st, NULL);

	if (fd >= 0 &&
	    journal_keep_file(run->journal, kept, fd, &bytes, NULL) == 0) {
		a->kept = kept;
		a->size = bytes;
		a->mode = st.st_mode & 0777;
		a->mtime_ns = clock_ns(&st.st_mtim);
		a->inode = st.st_ino;
		kept = NULL;
	}
	if (fd >= 0)
		close(fd);
	free(kept);
}

static int
log_file(const struct logging *l, const char *path, const char *name,
    const struct stat *st, struct err *err)
{
	struct entry e;

	if (l->run == NULL)
		return access(path, R_OK) < 0 ? err_errno(err, "%s", path) : 0;
	entry_init(&e, ENTRY_ARTIFACT, clock_wall_us());
	e.artifact.name = xstrdup(name);
	e.artifact.type = text_of_bytes(l->type);
	e.artifact.path = text_path_text(path);
	e.artifact.size = st->st_size;
	e.artifact.mtime_ns = clock_ns(&st->st_mtim);
	e.artifact.inode = st->st_ino;
	if (!l->ours)
		keep_file(l->run, &e.artifact, path, l->link);
	return run_log(l->run, &e, err);
}

static int
not_special(const struct dirent *d)
{
	return strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0;
}

static int log_tree(const struct logging *l, const char *path, const char *name,
    int depth, struct err *err);

static int
log_member(const struct logging *l, const char *dir, const char *name,
    const char *member, int depth, struct err *err)
{
	char *path = path_join(dir, member), *text = text_path_text(member);
	char *full = xasprintf("%s/%s", name, text);
	struct stat st;
	int result = 0;

	if (file_stat_at(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		result = err_errno(err, "%s", path);
	else if (S_ISDIR(st.st_mode))
		result = log_tree(l, path, full, depth + 1, err);
	else if (S_ISREG(st.st_mode))
		result = log_file(l, path, full, &st, err);
	free(full);
	free(text);
	free(path);
	return result;
}

/* Logs every regular file below the directory, sorted by name. */
static int
log_tree(const struct logging *l, const char *path, const char *name, int depth,
    struct err *err)
{
	struct dirent **list;
	int count, result = 0;

	if (depth > DEPTH_MAX)
		return err_set(err, -ELOOP, "%s: more than %d folders deep",
		    path, DEPTH_MAX);
	count = scandir(path, &list, not_special, alphasort);
	if (count < 0)
		return err_errno(err, "%s", path);
	for (int i = 0; i < count; i++) {
		if (result == 0)
			result = log_member(
			    l, path, name, list[i]->d_name, depth, err);
		free(list[i]);
	}
	free(list);
	return result;
}

static int
log_either(const struct logging *l, const char *path, const char *name,
    const struct stat *st, struct err *err)
{
	struct logging members = *l;

	members.link = false;
	if (S_ISDIR(st->st_mode))
		return log_tree(&members, path, name, 0, err);
	if (S_ISREG(st->st_mode))
		return log_file(l, path, name, st, err);
	return err_set(err, -EINVAL, "%s: no file and no directory", path);
}

int
run_log_path(struct run *run, const struct artifact *a, struct err *err)
{
	struct logging l = {
	    .type = a->type, .link = true, .ours = a->path_alone};
	char *path = path_absolute(a->path), *name;
	struct stat st = {0};
	int result;

	if (path == NULL)
		return err_errno(err, "no working directory");
	if (file_stat_at(AT_FDCWD, path, &st, 0) < 0 && !a->path_alone) {
		result = err_errno(err, "%s", path);
		free(path);
		return result;
	}
	name = a->name != NULL ? text_of_bytes(a->name)
			       : text_path_text(path_base(path));
	/* The first pass only checks: nothing of a directory is logged if a
	 * part of it can't be read. */
	result = a->path_alone ? 0 : log_either(&l, path, name, &st, err);
	l.run = run;
	if (result == 0)
		result = a->path_alone ? log_file(&l, path, name, &st, err)
				       : log_either(&l, path, name, &st, err);
	free(name);
	free(path);
	return result;
}

static int
artifact_body(struct itrack_tracker *t, const void *arguments, struct err *err)
{
	struct artifact a = *(const struct artifact *)arguments;

	if (!t->settings.log_artifacts)
		return 0;
	a.path_alone = t->settings.kind->artifact_paths;
	return run_log_path(t->run, &a, err);
}

int
itrack_log_artifact(struct itrack_tracker *t, const char *path,
    const char *name, const char *type, struct itrack_error *err)
{
	struct artifact a = {
	    path, name, type != NULL ? type : TYPE_DEFAULT, false};

	if (path == NULL || path[0] == '\0' ||
	    (name != NULL && name[0] == '\0'))
		return handle_refuse(
		    err, -EINVAL, "an artifact needs a path and a name");
	return handle_call(t, HANDLE_LOG, artifact_body, &a, err);
}

char *
run_keep_bytes(struct run *run, const struct buf *bytes, struct err *err)
{
	char *kept = kept_name(run);
	char *file = journal_file(run->journal), *dir = path_parent(file);
	char *path = path_join(dir, kept);

	if (journal_put_file(run->journal, kept, bytes->data, bytes->len, err) <
	    0) {
		free(path);
		path = NULL;
	}
	free(dir);
	free(file);
	free(kept);
	return path;
}

int
run_log_bytes(struct run *run, const struct buf *bytes, const char *name,
    const char *type, struct err *err)
{
	const struct logging l = {.run = run, .type = type, .ours = true};
	char *path = run_keep_bytes(run, bytes, err);
	struct stat st;
	int result;

	if (path == NULL)
		return err->code;
	if (file_stat_at(AT_FDCWD, path, &st, 0) < 0)
		result = err_errno(err, "%s", path);
	else
		result = log_file(&l, path, name, &st, err);
	free(path);
	return result;
}

int
run_log_code(struct itrack_tracker *t, struct err *err)
{
	char *cwd = process_cwd();
	char *commit = cwd != NULL && cwd[0] != '\0' ? git_commit(cwd) : NULL;
	char *dir = text_path_text(cwd != NULL ? cwd : "");
	struct jsonwrite w;
	struct buf bytes;
	int result;

	buf_init(&bytes, CODE_BYTES_MAX);
	jsonwrite_init(&w, &bytes, JSONWRITE_INDENTED);
	jsonwrite_open(&w, '{');
	jsonwrite_text_member(&w, "program", program_invocation_short_name);
	jsonwrite_text_member(&w, "directory", dir);
	jsonwrite_text_member(&w, "git_commit", commit);
	jsonwrite_close(&w, '}');
	result = run_log_bytes(t->run, &bytes, "code.json", "code", err);
	buf_release(&bytes);
	free(dir);
	free(commit);
	free(cwd);
	return result;
}
