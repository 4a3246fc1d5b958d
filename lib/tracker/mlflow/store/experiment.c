/* Two experiments with one name break MLflow's migration, so a name is looked
 * for and made under a lock. Names of deleted experiments (in ROOT/.trash)
 * count: MLflow itself refuses to make them again. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "base/durable.h"
#include "base/file.h"
#include "base/folder.h"
#include "base/path.h"
#include "base/random.h"
#include "foreign/yaml.h"
#include "format/text.h"
#include "tracker/mlflow/store/store.h"

#define LOCK_NAME      ".itrack.lock"
#define TRASH_NAME     ".trash"
#define META_MAX_BYTES (256 * 1024)
#define ID_DIGITS      18
/* Who makes an experiment holds the lock for a millisecond. After so long its holder
 * is stuck. */
#define LOCK_MS 200

static int
take_lock(const struct mlruns_root *root, struct err *err)
{
	int fd = openat(root->fd, LOCK_NAME,
	    O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
	    0666);
	struct stat st;

	if (fd < 0)
		return err_errno(err, "%s/" LOCK_NAME, root->path);
	/* Another user's will do: the store is for all of them. */
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		err_set(err, -EINVAL, "%s/" LOCK_NAME ": not a regular file",
		    root->path);
	else if (file_lock(fd, LOCK_MS) < 0)
		err_set(err, -EBUSY,
		    "%s/" LOCK_NAME " is held by another process", root->path);
	else
		return fd;
	close(fd);
	return err->code;
}

/* *name: that DIR/ID/meta.yaml gives; NULL: no experiment. 0, or a negative
 * errno: it could not be looked at. */
static int
experiment_name(const char *dir, const char *id, char **name, struct err *err)
{
	char *path = xasprintf("%s/%s/meta.yaml", dir, id);
	struct buf text;
	int result;

	*name = NULL;
	buf_init(&text, META_MAX_BYTES);
	result = file_read_if_there(AT_FDCWD, path, &text, err);
	if (result > 0)
		*name = yaml_member(text.data, text.len, "name");
	buf_release(&text);
	free(path);
	return result < 0 ? result : 0;
}

static bool
is_number(const char *text)
{
	for (const char *p = text; *p != '\0'; p++)
		if (!isdigit((unsigned char)*p))
			return false;
	return *text != '\0';
}

struct scan {
	const char *dir, *name;
	char *id;
	struct err *err;
};

static int
scan_one(const char *entry, void *data)
{
	struct scan *s = data;
	char *found;
	int result;

	if (!is_number(entry))
		return 0;
	result = experiment_name(s->dir, entry, &found, s->err);
	if (found != NULL && strcmp(found, s->name) == 0)
		s->id = xstrdup(entry);
	free(found);
	return result < 0 ? result : s->id != NULL;
}

/* *id: of the experiment `name` in dir; NULL: none. 0, or a negative errno: not
 * all of them could be looked at. */
static int
scan(const char *dir, const char *name, char **id, struct err *err)
{
	struct err why = ERR_INIT;
	struct scan s = {.dir = dir, .name = name, .err = &why};
	int result = file_each_name(AT_FDCWD, dir, scan_one, &s, &why);

	*id = s.id;
	if (result >= 0 || file_is_absent(result))
		return 0;
	return err_set(err, result, "%s", why.message);
}

/* As it stands in a meta.yaml, which has no lone surrogates. */
static char *
name_in_store(const char *name)
{
	struct buf utf8;

	buf_init(&utf8, META_MAX_BYTES);
	text_to_utf8(&utf8, name);
	return buf_steal(&utf8);
}

int
mlruns_find_experiment(
    const char *root, const char *name, char **id, struct err *err)
{
	char *stored = name_in_store(name);
	int result = scan(root, stored, id, err);

	free(stored);
	return result;
}

static int
make(const struct mlruns_root *root, const char *id, const char *name,
    struct err *err)
{
	char *dir = path_join(root->path, id);
	int fd = folder_open(root->fd, id, true, err), result = fd;

	if (fd >= 0) {
		result = mlruns_write_experiment(fd, dir, id, name, err);
		/* A run in it outlives a loss of power: so must it. */
		if (result == 0)
			result = durable_names(fd, ".", dir, err);
		if (result == 0)
			result = durable_names(root->fd, ".", root->path, err);
		close(fd);
	}
	if (result < 0)
		err_prefix(err, "in %s", root->path);
	free(dir);
	return result;
}

/* Python clients look for experiment 0 when none is named. */
static int
make_default(const struct mlruns_root *root, struct err *err)
{
	int there = file_look(root->fd, "0/meta.yaml", 0, NULL, err);

	if (there != 0)
		return there < 0 ? err_prefix(err, "in %s", root->path) : 0;
	return make(root, "0", "Default", err);
}

static char *
new_id(void)
{
	char id[ID_DIGITS + 1] = "";

	for (int i = 0; i < ID_DIGITS; i++)
		id[i] = (char)('0' + random_below(i == 0 ? 9 : 10));
	id[0]++;
	return xstrdup(id);
}

/* Under the lock: another process may have made it meanwhile. */
static int
make_once(const struct mlruns_root *root, const char *name, char **id,
    struct err *err)
{
	char *trash, *deleted;
	int result;

	result = scan(root->path, name, id, err);
	if (result < 0 || *id != NULL)
		return result;
	trash = path_join(root->path, TRASH_NAME);
	result = scan(trash, name, &deleted, err);
	free(trash);
	if (result < 0)
		return result;
	if (deleted != NULL) {
		err_set(err, -EEXIST,
		    "the experiment %s was deleted in %s: restore it (mlflow "
		    "experiments restore -x %s), or choose another name with "
		    "--mlflow-experiment",
		    name, root->path, deleted);
		free(deleted);
		return -EEXIST;
	}
	*id = new_id();
	result = make_default(root, err);
	if (result == 0)
		result = make(root, *id, name, err);
	return result;
}

static int
find_or_make(const struct mlruns_root *root, const char *name, char **id,
    struct err *err)
{
	int lock, result;

	result = scan(root->path, name, id, err);
	if (result < 0 || *id != NULL)
		return result;
	lock = take_lock(root, err);
	if (lock < 0)
		return lock;
	result = make_once(root, name, id, err);
	close(lock);
	return result;
}

/* One that the user names by its ID. */
static int
find_known(const char *root, const char *name, const char *known_id, char **id,
    struct err *err)
{
	char *found = NULL;
	int result = 0;

	if (is_number(known_id))
		result = experiment_name(root, known_id, &found, err);
	if (result < 0)
		return result;
	if (found == NULL)
		result = err_set(
		    err, -ENOENT, "%s has no experiment %s", root, known_id);
	else if (name != NULL && strcmp(found, name) != 0)
		result = err_set(err, -EINVAL,
		    "MLFLOW_EXPERIMENT_ID %s is %s, not %s", known_id, found,
		    name);
	else
		*id = xstrdup(known_id);
	free(found);
	return result;
}

int
mlruns_open_root(const char *path, struct err *err)
{
	int fd = file_make_dirs(path, 0777, err);

	if (fd < 0)
		return fd;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_errno(err, "%s", path) : fd;
}

int
mlruns_experiment(const struct mlruns_root *root, const char *name,
    const char *known_id, char **id, struct err *err)
{
	char *stored;
	int result;

	*id = NULL;
	stored = name != NULL ? name_in_store(name) : NULL;
	if (known_id != NULL)
		result = find_known(root->path, stored, known_id, id, err);
	else
		result = find_or_make(root, stored, id, err);
	free(stored);
	if (result == 0) {
		result = folder_open(root->fd, *id, false, err);
		if (result < 0)
			err_prefix(err, "in %s", root->path);
	}
	if (result < 0) {
		free(*id);
		*id = NULL;
	}
	return result;
}
