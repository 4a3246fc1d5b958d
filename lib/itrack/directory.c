/* The directory of a run of the local or TensorBoard tracker. */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/die.h"
#include "base/file.h"
#include "base/path.h"
#include "format/text.h"
#include "itrack/handle.h"

/* Runs of one name in one directory; each costs the next a failed mkdir. */
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

int
run_make_place(const struct settings *s, struct run *run, struct err *err)
{
	char *parent = place_of_runs(s), *name = path_encode(run->id);
	char *path = NULL;
	int result = parent != NULL
	    ? file_make_dirs(parent, PLACE_MODE, err)
	    : err_set(err, -EINVAL, "the directory's name is no path");
	int made = -1;

	for (int i = 1; result == 0 && made < 0 && i <= NUMBERS_MAX; i++) {
		free(path);
		path = i == 1 ? xasprintf("%s/%s", parent, name)
			      : xasprintf("%s/%s-%d", parent, name, i);
		made = mkdir(path, PLACE_MODE);
		if (made < 0 && errno != EEXIST)
			result = err_errno(err, "%s", path);
	}
	if (result == 0 && made < 0)
		result = err_set(err, -EEXIST,
		    "%s and its numbered names are all taken", path);
	if (result == 0) {
		free(run->id);
		run->id = text_path_text(path_base(path));
		run->place = path;
		path = NULL;
	}
	free(path);
	free(name);
	free(parent);
	return result;
}
