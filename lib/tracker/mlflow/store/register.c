/* The model registry of a file store: ROOT/models/NAME/meta.yaml and
 * version-N/ below it. A version is built under another name and renamed when
 * it is whole; its tag itrack.id tells a later try that it is there. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/durable.h"
#include "base/file.h"
#include "base/folder.h"
#include "base/path.h"
#include "foreign/yaml.h"
#include "format/text.h"
#include "tracker/mlflow/private.h"
#include "tracker/mlflow/store/store.h"

#define RUNS_SCHEME    "runs:/"
#define VERSION_PREFIX "version-"
#define META_MAX_BYTES (256 * 1024)
/* Versions of one model; each costs the next a failed rename. */
#define VERSIONS_MAX 1000000

static bool
read_text(const char *dir, const char *name, struct buf *text)
{
	char *path = path_join(dir, name);
	bool there;

	buf_reset(text);
	there = file_read_all(AT_FDCWD, path, text, NULL) == 0;
	free(path);
	return there;
}

/* A member of DIR/meta.yaml; NULL: not there. */
static char *
meta_member(const char *dir, const char *key)
{
	struct buf text;
	char *value = NULL;

	buf_init(&text, META_MAX_BYTES);
	if (read_text(dir, "meta.yaml", &text))
		value = yaml_member(text.data, text.len, key);
	buf_release(&text);
	return value;
}

static bool
tag_is(const char *dir, const char *tag, const char *value)
{
	char *name = xasprintf("tags/%s", tag);
	struct buf text;
	bool same;

	buf_init(&text, META_MAX_BYTES);
	same = read_text(dir, name, &text) && strcmp(text.data, value) == 0;
	buf_release(&text);
	free(name);
	return same;
}

/* The newest run of the experiment with this ID of ours. */
static char *
find_by_tag(const char *experiment_dir, const char *id)
{
	DIR *d = opendir(experiment_dir);
	int64_t newest_ms = -1;
	const struct dirent *e;
	char *found = NULL;

	while (d != NULL && (e = readdir(d)) != NULL) {
		char *dir = path_join(experiment_dir, e->d_name);
		char *started = NULL;
		int64_t ms;

		if (tag_is(dir, MLFLOW_OUR_ID_TAG, id))
			started = meta_member(dir, "start_time");
		ms = started != NULL ? strtoll(started, NULL, 10) : -1;
		if (ms > newest_ms) {
			newest_ms = ms;
			free(found);
			found = dir;
			dir = NULL;
		}
		free(started);
		free(dir);
	}
	if (d != NULL)
		closedir(d);
	return found;
}

/* ROOT/<experiment>/ID, MLflow's own. */
static char *
find_by_name(const char *root, const char *id)
{
	DIR *d = opendir(root);
	const struct dirent *e;
	char *found = NULL;

	while (d != NULL && found == NULL && (e = readdir(d)) != NULL) {
		char *dir = xasprintf("%s/%s/%s", root, e->d_name, id);
		char *run_id =
		    e->d_name[0] != '.' ? meta_member(dir, "run_id") : NULL;

		if (run_id != NULL)
			found = dir;
		else
			free(dir);
		free(run_id);
	}
	if (d != NULL)
		closedir(d);
	return found;
}

static char *
find_run(const struct mlflow *m, const char *id)
{
	const char *root = m->config.root;
	char *experiment, *dir, *found;

	found = find_by_name(root, id);
	if (found != NULL || m->config.experiment_name == NULL)
		return found;
	experiment = mlruns_find_experiment(root, m->config.experiment_name);
	if (experiment == NULL)
		return NULL;
	dir = path_join(root, experiment);
	found = find_by_tag(dir, id);
	free(dir);
	free(experiment);
	return found;
}

/* Where the model's files are, and the run that they are of ("": none). */
static enum outcome
find_source(const struct mlflow *m, const char *uri, char **source,
    char **run_id, struct err *err)
{
	const char *rest = uri + strlen(RUNS_SCHEME);
	char *id, *dir, *artifacts;

	if (strncmp(uri, RUNS_SCHEME, strlen(RUNS_SCHEME)) != 0) {
		*source = xstrdup(uri);
		*run_id = xstrdup("");
		return OUTCOME_DONE;
	}
	id = xstrndup(rest, strcspn(rest, "/"));
	dir = find_run(m, id);
	artifacts = dir != NULL ? meta_member(dir, "artifact_uri") : NULL;
	if (artifacts == NULL) {
		err_set(err, -EAGAIN, "%s: no run of that ID is in %s (yet)",
		    uri, m->config.root);
	} else {
		*source =
		    xasprintf("%s%s", artifacts, rest + strcspn(rest, "/"));
		*run_id = xstrdup(path_base(dir));
	}
	free(artifacts);
	free(dir);
	free(id);
	return *source != NULL ? OUTCOME_DONE : OUTCOME_RETRY;
}

static bool
has_version(const char *model_dir, const char *id)
{
	DIR *d = opendir(model_dir);
	const struct dirent *e;
	bool found = false;

	while (d != NULL && !found && (e = readdir(d)) != NULL) {
		char *dir = path_join(model_dir, e->d_name);

		found = strncmp(e->d_name, VERSION_PREFIX,
			    strlen(VERSION_PREFIX)) == 0 &&
		    tag_is(dir, "itrack.id", id);
		free(dir);
	}
	if (d != NULL)
		closedir(d);
	return found;
}

/* ROOT/models/NAME, made with its meta.yaml. A descriptor. */
static int
make_model(const char *root, const char *name, const char *dir, struct err *err)
{
	char *below = xasprintf("models/%s", dir);
	int base = mlruns_open_root(root, err), fd = base, result;

	if (base >= 0) {
		fd = folder_open(base, below, true, err);
		close(base);
	}
	free(below);
	if (fd < 0)
		return fd;
	if (faccessat(fd, "meta.yaml", F_OK, 0) == 0)
		return fd;
	result = mlruns_write_model(fd, name, clock_wall_us() / 1000, err);
	if (result == 0)
		return fd;
	close(fd);
	return result;
}

static int
write_id(int version, const char *id, struct err *err)
{
	int tags = folder_open(version, "tags", true, err), result;

	if (tags < 0)
		return tags;
	result = file_replace(tags, "itrack.id", id, strlen(id), 0666, err);
	close(tags);
	return result;
}

/* The next free number for the folder `temp`. Its own meta.yaml has it too, so
 * that is written anew for each try. */
static int
number_version(int model, const char *temp, int made,
    struct mlruns_version *version, struct err *err)
{
	bool placed = false;
	int result = 0;

	for (int n = 1; result == 0 && !placed && n <= VERSIONS_MAX; n++) {
		char *name = xasprintf(VERSION_PREFIX "%d", n);
		struct stat st;

		version->number = n;
		if (fstatat(model, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
			result = mlruns_write_version(made, version, err);
			placed = result == 0 &&
			    renameat(model, temp, model, name) == 0;
			if (result == 0 && !placed && errno != EEXIST &&
			    errno != ENOTEMPTY)
				result = err_errno(err, "%s", name);
		}
		free(name);
	}
	if (result == 0 && !placed)
		result = err_set(
		    err, -EEXIST, "there is no number left for a version");
	return result;
}

/* The ID is random and in the journal: the next try finds the folder again. */
static int
make_version(
    int model, const char *id, struct mlruns_version *version, struct err *err)
{
	char *temp = xasprintf(".itrack-%s", id);
	int made = folder_open(model, temp, true, err);
	int result = made < 0 ? made : write_id(made, id, err);

	if (result == 0)
		result = number_version(model, temp, made, version, err);
	if (made >= 0)
		close(made);
	free(temp);
	return result;
}

enum outcome
mlruns_register(
    struct mlflow *m, const struct entry_register *r, struct err *err)
{
	char *source = NULL, *run_id = NULL, *dir, *name;
	enum outcome outcome = find_source(m, r->uri, &source, &run_id, err);
	struct mlruns_version version;
	int result, fd = -1;

	if (outcome != OUTCOME_DONE)
		return outcome;
	name = text_path_bytes(r->name);
	dir =
	    xasprintf("%s/models/%s", m->config.root, name != NULL ? name : "");
	version = (struct mlruns_version){.name = r->name,
	    .source = source,
	    .run_id = run_id,
	    .user = m->run->start->user,
	    .now_ms = clock_wall_us() / 1000};
	if (name == NULL || name[0] == '.')
		result = err_set(
		    err, -EINVAL, "no name for a directory of a file store");
	else
		result = fd = make_model(m->config.root, r->name, name, err);
	if (fd >= 0) {
		result = has_version(dir, r->id)
		    ? 0
		    : make_version(fd, r->id, &version, err);
		close(fd);
	}
	if (result == 0)
		result = durable_folder(dir, err);
	else if (result < 0)
		err_prefix(err, "%s", dir);
	free(dir);
	free(name);
	free(source);
	free(run_id);
	return result == 0 ? OUTCOME_DONE : OUTCOME_REJECTED;
}
