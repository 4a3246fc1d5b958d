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

/* Attempts at one run ID in one place; each costs the next a failed mkdir. */
#define PLACE_ATTEMPTS_MAX 100000

/* Umask decides, as for the directories that insideLLMs makes. */
#define PLACE_MODE 0777

/* The names under which the cursor keeps the path: of the directory, and of the
 * one that is about to be made. */
#define KEY_TAKEN "dir"
#define KEY_TRIED "dir-tried"
/* What tells that directory from another one (base/folder.h). */
#define KEY_MARK "dir-mark"
/* The word in the names of temporary files. */
#define KEY_WORD        "temporary"
#define WORD_CHARACTERS "0123456789abcdefghijklmnopqrstuvwxyz"

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

const char *
place_word(struct tracker *t)
{
	char word[TEMPFILE_WORD_SIZE];
	const char *known = tracker_recall(t, KEY_WORD);

	if (known == NULL ||
	    strspn(known, WORD_CHARACTERS) != sizeof word - 1 ||
	    known[sizeof word - 1] != '\0') {
		random_name(word, sizeof word);
		tracker_remember(t, KEY_WORD, word);
		known = tracker_recall(t, KEY_WORD);
	}
	return known;
}

int
place_check(struct tracker *t, const char *key, int fd, const char *path,
    struct err *err)
{
	char mark[FOLDER_MARK_SIZE];
	const char *known = tracker_recall(t, key);
	int result = folder_mark(fd, mark, err);

	if (result < 0)
		return result;
	if (known == NULL || known[0] == '\0')
		tracker_remember_later(t, key, mark);
	else if (strcmp(known, mark) != 0)
		return err_set(err, -ESTALE,
		    "%s is another folder than the one that was made for this "
		    "run, so nothing is written there: put that one back, or "
		    "move this one away",
		    path);
	return 0;
}

void
place_forget(struct tracker *t, const char *key)
{
	if (tracker_recall(t, key) != NULL)
		tracker_remember_later(t, key, "");
}

/* The root that the user has named, made if need be; links in it are followed.
 */
static int
open_root(const char *root, struct err *err)
{
	int fd = file_make_dirs(root, PLACE_MODE, err);

	if (fd < 0)
		return fd;
	fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_errno(err, "cannot open %s", root) : fd;
}

/* Makes `name`, which nothing has yet, and opens it: what stands there by then
 * is not ours. */
static int
make_dir(int parent, const char *name, struct err *err)
{
	if (mkdirat(parent, name, PLACE_MODE) == 0)
		return folder_open(parent, name, false, err);
	if (errno == EEXIST)
		return -EEXIST;
	return err_errno(err, "cannot create %s", name);
}

/* A kill between mkdir and the note that the name is ours would leave an empty
 * directory and a run with the next number. So the name is noted before, while
 * it is free; what is found there by the next process, still empty, is ours.
 * mkdir decides between two processes that want the same name. A descriptor,
 * -EEXIST if the name is taken, or another negative errno. */
static int
try_name(struct tracker *t, int parent, const char *name, const char *path,
    struct err *err)
{
	char *tried = recall(t, KEY_TRIED);
	struct stat st;
	bool taken = fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
	bool ours = taken && tried != NULL && strcmp(tried, path) == 0 &&
	    S_ISDIR(st.st_mode) && st.st_uid == geteuid();

	free(tried);
	/* Only an empty one goes; whoever made it has not begun. */
	if (taken && (!ours || unlinkat(parent, name, AT_REMOVEDIR) < 0))
		return -EEXIST;
	remember(t, KEY_TRIED, path);
	return make_dir(parent, name, err);
}

static int
take(struct tracker *t, const char *root, const struct run_info *run,
    char **path, struct err *err)
{
	char *project = path_encode(run->start->project);
	char *id = path_encode(place_run_id(run)), *name = NULL;
	int base = open_root(root, err), parent = -1, fd = base, i;

	if (base >= 0)
		fd = parent = folder_open(base, project, true, err);
	if (parent >= 0)
		fd = -EEXIST;
	for (i = 1; fd == -EEXIST && parent >= 0 && i <= PLACE_ATTEMPTS_MAX;
	     i++) {
		free(name);
		free(*path);
		name = i == 1 ? xstrdup(id) : xasprintf("%s-%d", id, i);
		*path = xasprintf("%s/%s/%s", root, project, name);
		fd = try_name(t, parent, name, *path, err);
	}
	if (fd == -EEXIST && err->code == 0)
		err_set(
		    err, fd, "%s and its numbered names are all taken", *path);
	else if (fd < 0 && base >= 0)
		err_prefix(err, "%s", root);
	if (parent >= 0)
		close(parent);
	if (base >= 0)
		close(base);
	free(name);
	free(id);
	free(project);
	return fd;
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
		*base = open_root(root, err);
		*below = xstrdup(path + len + 1);
	} else {
		parent = path_parent(path);
		*base = open_root(parent, err);
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
		place_forget(t, KEY_MARK);
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
	int fd, result;

	*path = recall(t, KEY_TAKEN);
	*again = *path != NULL;
	if (!*again && given != NULL)
		*path = text_path_bytes(given);
	fd = *path != NULL ? come_back(t, root, *path, err)
			   : take(t, root, run, path, err);
	if (fd < 0)
		return fd;
	result = place_check(t, KEY_MARK, fd, *path, err);
	if (result < 0) {
		close(fd);
		return result;
	}
	remember(t, KEY_TAKEN, *path);
	text = text_path_text(*path);
	tracker_set_place(t, text);
	free(text);
	return fd;
}
