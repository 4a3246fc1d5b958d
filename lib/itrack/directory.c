/* Decides in which directory a run of the library's local or TensorBoard
 * tracker is, and makes it. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "base/folder.h"
#include "base/path.h"
#include "format/text.h"
#include "itrack/handle.h"

/* How many runs of one name a directory may have; each costs the next run a
 * failed mkdir. */
#define NUMBERS_MAX 100000
/* Umask decides, as in insideLLMs. */
#define PLACE_MODE 0777
/* Names of folders of a long ID; a path is never longer. */
#define NAME_BYTES_MAX 4096

char *
place_of_runs(const struct settings *s)
{
	char *root = text_path_bytes(settings_option(s, s->kind->root));
	char *project, *path;

	if (root == NULL || !s->kind->with_project)
		return root;
	project = path_encode(s->project);
	path = path_join(root, project);
	free(project);
	free(root);
	return path;
}

char *
place_of_project(const struct settings *s)
{
	char *root = text_path_bytes(settings_option(s, s->kind->root));
	char *project = text_path_bytes(s->project), *path = NULL;

	if (root != NULL && project != NULL && project[0] != '/' &&
	    strstr(project, "..") == NULL)
		path = path_join(root, project);
	free(project);
	free(root);
	return path;
}

/* The name of the directory below that of all runs: TensorBoard shows folders,
 * so there a slash in the ID stays one. */
static char *
name_of(const struct settings *s, const char *id)
{
	const char *at = id, *slash;
	struct buf out;

	if (!s->kind->folders_in_names)
		return path_encode(id);
	buf_init(&out, NAME_BYTES_MAX);
	for (;; at = slash + 1) {
		char *part, *name;

		slash = strchrnul(at, '/');
		part = xstrndup(at, (size_t)(slash - at));
		name = path_encode(part);
		if (part[0] != '\0')
			buf_addf(&out, "%s%s", out.len > 0 ? "/" : "", name);
		free(name);
		free(part);
		if (*slash == '\0')
			break;
	}
	if (out.len > 0 && !buf_overflowed(&out))
		return buf_steal(&out);
	buf_release(&out);
	return path_encode(id);
}

/* Opens the folder of the runs and makes it if need be. The root may be a link,
 * the project below it may not. */
static int
open_runs(const struct settings *s, struct err *err)
{
	char *root = text_path_bytes(settings_option(s, s->kind->root));
	char *project =
	    s->kind->with_project ? path_encode(s->project) : xstrdup("");
	int base = -1, fd = -EINVAL, result;

	if (root == NULL) {
		err_set(err, -EINVAL, "the directory's name is no path");
		goto out;
	}
	result = file_make_dirs(root, PLACE_MODE, err);
	if (result == 0)
		base = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (result == 0 && base < 0)
		result = err_errno(err, "%s", root);
	fd = result < 0 ? result : folder_open(base, project, true, err);
	if (base >= 0 && fd < 0)
		err_prefix(err, "%s", root);
	if (base >= 0)
		close(base);
out:
	free(project);
	free(root);
	return fd;
}

static int
is_content(const char *name, void *data)
{
	(void)name;
	(void)data;
	return 1;
}

/* 1: the empty directory is ours; 0: it is taken. Two may see it empty: who puts
 * the mark there has it. */
static int
mark(int dir, const char *name, struct err *err)
{
	int result = file_each_name(dir, ".", is_content, NULL, err), fd;

	if (result != 0)
		return result < 0 ? result : 0;
	fd = openat(
	    dir, TAKEN_MARK, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0)
		return errno == EEXIST ? 0 : err_errno(err, "%s", name);
	close(fd);
	return 1;
}

static int
claim(int parent, const char *name, bool *made, struct err *err)
{
	int dir, result;

	*made = mkdirat(parent, name, PLACE_MODE) == 0;
	if (!*made && errno != EEXIST)
		return err_errno(err, "%s", name);
	/* A file, a link, another user's directory: it is taken. */
	dir = folder_open(parent, name, false, NULL);
	if (dir < 0)
		return 0;
	result = mark(dir, name, *made ? err : NULL);
	close(dir);
	return *made || result >= 0 ? result : 0;
}

static int
try_number(const struct settings *s, struct run *run, int runs, int number,
    struct err *err)
{
	char *id = number == 1 ? xstrdup(run->id)
			       : xasprintf("%s-%d", run->id, number);
	char *name = name_of(s, id), *above = place_of_runs(s);
	const char *base;
	int parent = folder_open_parent(runs, name, true, &base, err);
	int result =
	    parent < 0 ? parent : claim(parent, base, &run->place_made, err);

	if (result < 0)
		err_prefix(err, "%s", above);
	if (result > 0) {
		free(run->id);
		run->id = id;
		run->place = path_join(above, name);
		id = NULL;
	}
	if (parent >= 0)
		close(parent);
	free(above);
	free(name);
	free(id);
	return result;
}

int
run_make_place(const struct settings *s, struct run *run, struct err *err)
{
	char *given = xstrdup(run->id);
	int runs = open_runs(s, err);
	int result = runs < 0 ? runs : 0;

	for (int i = 1; result == 0 && i <= NUMBERS_MAX; i++)
		result = try_number(s, run, runs, i, err);
	if (runs >= 0)
		close(runs);
	if (result == 0)
		result = err_set(err, -EEXIST,
		    "%s and its numbered names are all taken", given);
	free(given);
	return result < 0 ? result : 0;
}

void
run_unmark_place(const struct run *run)
{
	char *path = path_join(run->place, TAKEN_MARK);

	unlink(path);
	free(path);
}

void
run_drop_place(struct run *run)
{
	if (run->place == NULL)
		return;
	run_unmark_place(run);
	if (run->place_made)
		rmdir(run->place);
	free(run->place);
	run->place = NULL;
}
