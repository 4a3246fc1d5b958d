#include "tracker/place.h"

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

/* The name under which the cursor keeps the path. */
#define PLACE_KEY "dir"

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

/* A descriptor, -EEXIST if the name is taken, or another negative errno. */
static int
try_name(const char *path, bool (*is_ours)(int, const char *, void *),
    void *data, struct err *err)
{
	int fd;

	if (mkdir(path, PLACE_MODE) == 0)
		return open_dir(path, err);
	if (errno != EEXIST)
		return err_errno(err, "cannot create %s", path);
	if (is_ours == NULL)
		return -EEXIST;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -EEXIST;
	if (is_ours(fd, path_base(path), data))
		return fd;
	close(fd);
	return -EEXIST;
}

int
place_take(const char *root, const char *project, const char *run_id,
    bool (*is_ours)(int dirfd, const char *name, void *data), void *data,
    char **path, struct err *err)
{
	char *component = path_encode(project), *name = path_encode(run_id);
	char *parent = path_join(root, component), *candidate = NULL;
	int fd, i;

	fd = file_make_dirs(parent, PLACE_MODE, err);
	if (fd < 0)
		goto out;
	fd = -EEXIST;
	for (i = 1; fd == -EEXIST && i <= PLACE_ATTEMPTS_MAX; i++) {
		free(candidate);
		candidate = i == 1 ? xasprintf("%s/%s", parent, name)
				   : xasprintf("%s/%s-%d", parent, name, i);
		fd = try_name(candidate, is_ours, data, err);
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
	free(component);
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

int
place_return(const char *path, struct err *err)
{
	int fd = file_make_dirs(path, PLACE_MODE, err);

	if (fd < 0)
		return fd;
	fd = open_dir(path, err);
	if (fd >= 0)
		remove_temporary(fd);
	return fd;
}

void
place_remember(struct tracker *t, const char *path)
{
	char *text = text_path_text(path);

	tracker_remember(t, PLACE_KEY, text);
	tracker_set_place(t, text);
	free(text);
}

char *
place_recall(const struct tracker *t)
{
	const char *text = tracker_recall(t, PLACE_KEY);

	return text != NULL ? text_path_bytes(text) : NULL;
}
