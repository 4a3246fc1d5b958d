/* Decides in which directory a run of the library's local or TensorBoard
 * tracker is, and makes it. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
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

int
run_make_place(const struct settings *s, struct run *run, struct err *err)
{
	char *parent = place_of_runs(s), *id = path_encode(run->id);
	char *name = NULL;
	int dir = open_runs(s, err), made = -1;
	int result = dir < 0 ? dir : 0;

	for (int i = 1; result == 0 && made < 0 && i <= NUMBERS_MAX; i++) {
		free(name);
		name = i == 1 ? xstrdup(id) : xasprintf("%s-%d", id, i);
		made = mkdirat(dir, name, PLACE_MODE);
		if (made < 0 && errno != EEXIST)
			result = err_errno(err, "%s/%s", parent, name);
	}
	if (result == 0 && made < 0)
		result = err_set(err, -EEXIST,
		    "%s/%s and its numbered names are all taken", parent, name);
	if (result == 0) {
		free(run->id);
		run->id = text_path_text(name);
		run->place = path_join(parent, name);
	}
	if (dir >= 0)
		close(dir);
	free(name);
	free(id);
	free(parent);
	return result;
}
