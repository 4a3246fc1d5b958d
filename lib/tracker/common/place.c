#include "tracker/common/place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "base/path.h"
#include "format/text.h"

/* Attempts at one run ID in one place; each costs the next a failed mkdir. */
#define PLACE_ATTEMPTS_MAX 100000

/* Umask decides, as for the directories that insideLLMs makes. */
#define PLACE_MODE 0777

/* The names under which the cursor keeps the path: of the directory, and of the
 * one that is about to be made. */
#define KEY_TAKEN "dir"
#define KEY_TRIED "dir-tried"

char *
place_root(const struct tracker *t, const char *option,
    const struct run_info *run, const char *below)
{
	const char *given = tracker_option(t, option);
	char *dir, *parent, *root;

	if (given != NULL)
		return text_path_bytes(given);
	dir = text_path_bytes(run->start->run_dir);
	parent = path_parent(dir);
	root = path_join(parent, below);
	free(parent);
	free(dir);
	return root;
}

const char *
place_run_id(const struct run_info *run)
{
	if (run->run_id != NULL && run->run_id[0] != '\0')
		return run->run_id;
	return path_base(run->start->run_dir);
}

static int
open_dir(const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_errno(err, "cannot open %s", path);
	return fd;
}

static void
remember(struct tracker *t, const char *key, const char *path)
{
	char *text = text_path_text(path);

	tracker_remember(t, key, text);
	free(text);
}

static char *
recall(const struct tracker *t, const char *key)
{
	const char *text = tracker_recall(t, key);

	return text != NULL ? text_path_bytes(text) : NULL;
}

/* Empty: whoever made it has not begun. */
static bool
is_empty(const char *path)
{
	return rmdir(path) == 0;
}

/* A kill between mkdir and the note that the name is ours would leave an empty
 * directory and a run with the next number. So the name is noted before, while
 * it is free; what is found there by the next process, still empty, is ours.
 * mkdir decides between two processes that want the same name. A descriptor,
 * -EEXIST if the name is taken, or another negative errno. */
static int
try_name(struct tracker *t, const char *path, struct err *err)
{
	char *tried = recall(t, KEY_TRIED);
	bool ours = tried != NULL && strcmp(tried, path) == 0 && is_empty(path);
	struct stat st;

	free(tried);
	if (!ours && lstat(path, &st) == 0)
		return -EEXIST;
	remember(t, KEY_TRIED, path);
	if (mkdir(path, PLACE_MODE) == 0)
		return open_dir(path, err);
	if (errno == EEXIST)
		return -EEXIST;
	return err_errno(err, "cannot create %s", path);
}

static int
take(struct tracker *t, const char *root, const struct run_info *run,
    char **path, struct err *err)
{
	char *project = path_encode(run->start->project);
	char *name = path_encode(place_run_id(run));
	char *parent = path_join(root, project), *candidate = NULL;
	int fd, i;

	fd = file_make_dirs(parent, PLACE_MODE, err);
	if (fd < 0)
		goto out;
	fd = -EEXIST;
	for (i = 1; fd == -EEXIST && i <= PLACE_ATTEMPTS_MAX; i++) {
		free(candidate);
		candidate = i == 1 ? xasprintf("%s/%s", parent, name)
				   : xasprintf("%s/%s-%d", parent, name, i);
		fd = try_name(t, candidate, err);
	}
	if (fd == -EEXIST)
		err_set(err, fd, "%s and its numbered names are all taken",
		    candidate);
	if (fd < 0)
		goto out;
	*path = candidate;
	candidate = NULL;
out:
	free(candidate);
	free(parent);
	free(name);
	free(project);
	return fd;
}

/* The names of file_replace and its like: ".NAME.....tmp". */
static void
remove_temporary(int dirfd)
{
	int fd = dup(dirfd);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *d;
	size_t len;

	if (dir == NULL) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((d = readdir(dir)) != NULL) {
		len = strlen(d->d_name);
		if (d->d_name[0] == '.' && len > 4 &&
		    strcmp(d->d_name + len - 4, ".tmp") == 0)
			unlinkat(dirfd, d->d_name, 0);
	}
	closedir(dir);
}

static int
come_back(const char *path, struct err *err)
{
	int fd = file_make_dirs(path, PLACE_MODE, err);

	if (fd < 0)
		return fd;
	fd = open_dir(path, err);
	if (fd >= 0)
		remove_temporary(fd);
	return fd;
}

int
place_open(struct tracker *t, const char *root, const struct run_info *run,
    char **path, bool *again, struct err *err)
{
	char *text;
	int fd;

	const char *given = tracker_option(t, PLACE_OPTION);

	*path = recall(t, KEY_TAKEN);
	*again = *path != NULL;
	if (!*again && given != NULL)
		*path = text_path_bytes(given);
	fd = *path != NULL ? come_back(*path, err)
			   : take(t, root, run, path, err);
	if (fd < 0)
		return fd;
	remember(t, KEY_TAKEN, *path);
	text = text_path_text(*path);
	tracker_set_place(t, text);
	free(text);
	return fd;
}
