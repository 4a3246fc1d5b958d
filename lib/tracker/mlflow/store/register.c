/* The model registry of a file store: ROOT/models/NAME/meta.yaml and
 * version-N/ below it. A version is built under another name and renamed when
 * it is whole; its tag itrack.id tells a later try that it is there. */
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

/* 1: DIR/name is in `text` now; 0: it is not there; or a negative errno. */
static int
read_text(const char *dir, const char *name, struct buf *text, struct err *err)
{
	char *path = path_join(dir, name);
	int there;

	buf_reset(text);
	there = file_read_if_there(AT_FDCWD, path, text, err);
	free(path);
	return there;
}

/* *value: a member of DIR/meta.yaml; NULL: not there. 0, or a negative errno. */
static int
meta_member(const char *dir, const char *key, char **value, struct err *err)
{
	struct buf text;
	int there;

	*value = NULL;
	buf_init(&text, META_MAX_BYTES);
	there = read_text(dir, "meta.yaml", &text, err);
	if (there > 0)
		*value = yaml_member(text.data, text.len, key);
	buf_release(&text);
	return there < 0 ? there : 0;
}

/* 1, 0, or a negative errno. */
static int
tag_is(const char *dir, const char *tag, const char *value, struct err *err)
{
	char *name = xasprintf("tags/%s", tag);
	struct buf text;
	int same;

	buf_init(&text, META_MAX_BYTES);
	same = read_text(dir, name, &text, err);
	if (same > 0)
		same = strcmp(text.data, value) == 0;
	buf_release(&text);
	free(name);
	return same;
}

/* What is looked for in the directories of `in`. One that can't be looked at is
 * in nobody's way as long as another has it. */
struct search {
	const char *in, *id;
	int64_t newest_ms;
	char *found;
	struct err failed;
};

/* Looks in each directory of `in`. 0, or a negative errno: it was not found, and
 * may be where nobody could look. */
static int
look_in(struct search *s, int (*each)(const char *name, void *data),
    struct err *err)
{
	int result = file_each_name(AT_FDCWD, s->in, each, s, &s->failed);

	if (file_is_absent(result) || s->failed.code == 0 ||
	    (result >= 0 && s->found != NULL))
		return 0;
	return err_set(err, s->failed.code, "%s", s->failed.message);
}

/* The newest run of the experiment with this ID of ours. */
static int
look_by_tag(const char *name, void *data)
{
	struct search *s = data;
	char *dir = path_join(s->in, name), *started = NULL;
	int result = 0;
	int64_t ms;

	if (tag_is(dir, MLFLOW_OUR_ID_TAG, s->id, &s->failed) > 0)
		result = meta_member(dir, "start_time", &started, &s->failed);
	ms = started != NULL ? strtoll(started, NULL, 10) : -1;
	if (ms > s->newest_ms) {
		s->newest_ms = ms;
		free(s->found);
		s->found = xstrdup(dir);
	}
	free(started);
	free(dir);
	return result;
}

/* ROOT/<experiment>/ID, MLflow's own. */
static int
look_by_name(const char *name, void *data)
{
	struct search *s = data;
	char *dir, *run_id;

	if (name[0] == '.')
		return 0;
	dir = xasprintf("%s/%s/%s", s->in, name, s->id);
	meta_member(dir, "run_id", &run_id, &s->failed);
	if (run_id != NULL)
		s->found = xstrdup(dir);
	free(run_id);
	free(dir);
	return s->found != NULL;
}

/* *found: the run's directory; NULL: there is none. */
static int
find_run(const struct mlflow *m, const char *id, char **found, struct err *err)
{
	const char *root = m->config.root;
	struct search s = {.in = root, .id = id, .newest_ms = -1};
	char *experiment = NULL, *dir;
	int result = look_in(&s, look_by_name, err);

	if (result == 0 && s.found == NULL && m->config.experiment_name != NULL)
		result = mlruns_find_experiment(
		    root, m->config.experiment_name, &experiment, err);
	if (experiment != NULL) {
		dir = path_join(root, experiment);
		s.in = dir;
		result = look_in(&s, look_by_tag, err);
		free(dir);
	}
	free(experiment);
	*found = s.found;
	return result;
}

/* Where the model's files are, and the run that they are of ("": none). */
static enum outcome
find_source(const struct mlflow *m, const char *uri, char **source,
    char **run_id, struct err *err)
{
	const char *rest = uri + strlen(RUNS_SCHEME);
	char *id, *dir, *artifacts = NULL;
	int result;

	if (strncmp(uri, RUNS_SCHEME, strlen(RUNS_SCHEME)) != 0) {
		*source = xstrdup(uri);
		*run_id = xstrdup("");
		return OUTCOME_DONE;
	}
	id = xstrndup(rest, strcspn(rest, "/"));
	result = find_run(m, id, &dir, err);
	if (dir != NULL)
		result = meta_member(dir, "artifact_uri", &artifacts, err);
	if (artifacts != NULL) {
		*source =
		    xasprintf("%s%s", artifacts, rest + strcspn(rest, "/"));
		*run_id = xstrdup(path_base(dir));
	} else if (result == 0) {
		err_set(err, -EAGAIN, "%s: no run of that ID is in %s (yet)",
		    uri, m->config.root);
	}
	free(artifacts);
	free(dir);
	free(id);
	if (*source != NULL)
		return OUTCOME_DONE;
	return result < 0 ? OUTCOME_BLOCKED : OUTCOME_RETRY;
}

static int
look_for_version(const char *name, void *data)
{
	struct search *s = data;
	char *dir;
	int has;

	if (strncmp(name, VERSION_PREFIX, strlen(VERSION_PREFIX)) != 0)
		return 0;
	dir = path_join(s->in, name);
	has = tag_is(dir, "itrack.id", s->id, &s->failed);
	free(dir);
	return has > 0;
}

/* 1, 0, or a negative errno: it may have it. */
static int
has_version(const char *model_dir, const char *id, struct err *err)
{
	struct search s = {.in = model_dir, .id = id};
	int has = file_each_name(
	    AT_FDCWD, model_dir, look_for_version, &s, &s.failed);

	if (has > 0 || s.failed.code == 0)
		return has;
	return err_set(err, s.failed.code, "%s", s.failed.message);
}

/* ROOT/models/NAME, made with its meta.yaml. A descriptor. */
static int
make_model(const char *root, const char *name, const char *dir, struct err *err)
{
	char *below = xasprintf("models/%s", dir);
	int base = mlruns_open_root(root, err), fd = base, there, result;

	if (base >= 0) {
		fd = folder_open(base, below, true, err);
		close(base);
	}
	free(below);
	if (fd < 0)
		return fd;
	there = file_look(fd, "meta.yaml", 0, NULL, err);
	result = there == 0
	    ? mlruns_write_model(fd, name, clock_wall_us() / 1000, err)
	    : there;
	if (result >= 0)
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

	for (int n = 1; result >= 0 && !placed && n <= VERSIONS_MAX; n++) {
		char *name = xasprintf(VERSION_PREFIX "%d", n);

		version->number = n;
		result = file_look(model, name, AT_SYMLINK_NOFOLLOW, NULL, err);
		if (result == 0) {
			result = mlruns_write_version(made, version, err);
			placed = result == 0 &&
			    renameat(model, temp, model, name) == 0;
			if (result == 0 && !placed && errno != EEXIST &&
			    errno != ENOTEMPTY)
				result = err_errno(err, "%s", name);
		}
		free(name);
	}
	if (result >= 0 && !placed)
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

/* No version of this name can be made there, now or later. */
static bool
is_for_good(int code)
{
	switch (code) {
	case -EINVAL:
	case -ELOOP:
	case -ENAMETOOLONG:
	case -ENOTDIR:
	case -EEXIST:
		return true;
	default:
		return false;
	}
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
		result = has_version(dir, r->id, err);
		if (result == 0)
			result = make_version(fd, r->id, &version, err);
		close(fd);
	}
	if (result >= 0)
		result = durable_folder(dir, err);
	else
		err_prefix(err, "%s", dir);
	free(dir);
	free(name);
	free(source);
	free(run_id);
	if (result == 0)
		return OUTCOME_DONE;
	return is_for_good(result) ? OUTCOME_REJECTED : OUTCOME_BLOCKED;
}
