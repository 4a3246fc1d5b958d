#include "tracker/common/place.h"

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
#include "base/random.h"
#include "base/tempfile.h"
#include "format/text.h"
#include "tracker/about.h"
#include "tracker/common/marked.h"
#include "tracker/common/place_number.h"
#include "tracker/common/same_folder.h"
#include "tracker/plan.h"

/* The name under which the cursor keeps the path. */
#define KEY_TAKEN "dir"
/* What tells that directory from another one (base/folder.h). */
#define KEY_MARK "dir-mark"

char *
place_root_of(
    const struct tracker_about *about, const char *given, const char *run_dir)
{
	char *parent, *root;

	if (given != NULL)
		return text_path_bytes(given);
	if (run_dir == NULL)
		return NULL;
	parent = path_parent(run_dir);
	root = path_join(parent, about->beside);
	free(parent);
	return root;
}

char *
place_root_for(const struct tracker_about *about, const char *given,
    const struct run_info *run)
{
	char *dir = given == NULL ? text_path_bytes(run->start->run_dir) : NULL;
	char *root = place_root_of(about, given, dir);

	free(dir);
	return root;
}

char *
place_root(const struct tracker *t, const struct run_info *run)
{
	const struct tracker_about *about = t->ops->about;

	return place_root_for(about, tracker_option(t, about->root), run);
}

const char *
place_run_id(const struct run_info *run)
{
	if (run->run_id != NULL && run->run_id[0] != '\0')
		return run->run_id;
	return path_base(run->start->run_dir);
}

/* A run that is all there already is soon delivered, and needs no cursor then: who
 * comes after a kill finds its directory by the mark. */
static void
remember(struct tracker *t, const struct run_info *run, const char *path)
{
	char *text = text_path_text(path);

	if (run->ended)
		tracker_remember_later(t, KEY_TAKEN, text);
	else
		tracker_remember(t, KEY_TAKEN, text);
	free(text);
}

static char *
recall(const struct tracker *t, const char *key)
{
	const char *text = tracker_recall(t, key);

	return text != NULL ? text_path_bytes(text) : NULL;
}

const char *
place_word(const char *attempt)
{
	const char *dash = strrchr(attempt, '-');

	return dash != NULL &&
		random_is_name(dash + 1, TEMPFILE_WORD_SIZE - 1) &&
		strlen(dash + 1) == TEMPFILE_WORD_SIZE - 1
	    ? dash + 1
	    : NULL;
}

int
place_open_root(const char *root, struct err *err)
{
	int fd = file_make_dirs(root, MARKED_MODE, err);

	if (fd < 0)
		return fd;
	fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_errno(err, "cannot open %s", root) : fd;
}

static int
take(struct tracker *t, const char *root, const struct run_info *run,
    char **path, struct err *err)
{
	struct place_set p;
	char *name;
	int fd = place_set_open(&p, t, root, run, place_run_id(run), err);

	if (fd == 0)
		fd = place_set_take_number(&p, err);
	if (fd > 0) {
		*path = place_numbered(p.list[0].path, fd);
		name = place_numbered(path_base(p.list[0].path), fd);
		fd = folder_open(p.list[0].parent, name, false, err);
		free(name);
	}
	for (size_t i = 0; i < p.len && fd < 0; i++)
		marked_leave_prepared(p.list[i].parent, p.attempt);
	place_set_release(&p);
	return fd;
}

void
place_prepare(struct tracker *t, const struct run_info *run)
{
	struct place_set p;
	char *root, *folder;

	if (tracker_recall(t, KEY_TAKEN) != NULL ||
	    tracker_option(t, PLACE_OPTION) != NULL)
		return;
	root = place_root(t, run);
	place_set_open(&p, t, root, run, place_run_id(run), NULL);
	for (size_t i = 0; i < p.len; i++) {
		folder = path_parent(p.list[i].path);
		marked_prepare(p.list[i].parent, folder, p.attempt);
		free(folder);
	}
	place_set_release(&p);
	free(root);
}

static int
is_content(const char *name, void *data)
{
	(void)data;
	return strcmp(name, MARKED_FILE) != 0;
}

/* Below the root nothing is followed; a path that leads elsewhere (the root has
 * another name by now) has its own folder as the root. */
static int
split(const char *root, const char *path, int *base, char **below,
    struct err *err)
{
	size_t len = strlen(root);
	char *parent;

	while (len > 0 && root[len - 1] == '/')
		len--;
	if (strncmp(root, path, len) == 0 && path[len] == '/') {
		*base = place_open_root(root, err);
		*below = xstrdup(path + len + 1);
	} else {
		parent = path_parent(path);
		*base = place_open_root(parent, err);
		*below = xstrdup(path_base(path));
		free(parent);
	}
	return *base;
}

static int
come_back(
    struct tracker *t, const char *root, const char *path, struct err *err)
{
	struct err missing = ERR_INIT;
	char *below;
	int base, fd;

	if (split(root, path, &base, &below, err) < 0) {
		free(below);
		return base;
	}
	fd = folder_open(base, below, false, &missing);
	if (fd == -ENOENT) {
		same_folder_forget(t, KEY_MARK);
		fd = folder_open(base, below, true, err);
	} else if (fd < 0) {
		*err = missing;
	}
	if (fd < 0)
		err_prefix(err, "%s", path);
	close(base);
	free(below);
	return fd;
}

int
place_open(struct tracker *t, const char *root, const struct run_info *run,
    char **path, bool *again, struct err *err)
{
	const char *given = tracker_option(t, PLACE_OPTION);
	char *text;
	int fd, result = 0;

	*path = recall(t, KEY_TAKEN);
	*again = *path != NULL;
	if (!*again && given != NULL)
		*path = text_path_bytes(given);
	if (*path == NULL) {
		fd = take(t, root, run, path, err);
	} else {
		fd = come_back(t, root, *path, err);
	}
	if (fd < 0)
		return fd;
	/* The cursor of an earlier process may be lost. */
	if (!*again) {
		result = file_each_name(fd, ".", is_content, NULL, err);
		if (result < 0)
			err_prefix(err, "%s", *path);
		*again = result > 0;
	}
	if (result >= 0)
		result = same_folder_check(t, KEY_MARK, fd, *path, err);
	if (result < 0) {
		close(fd);
		return result;
	}
	remember(t, run, *path);
	text = text_path_text(*path);
	tracker_set_place(t, text);
	free(text);
	return fd;
}
