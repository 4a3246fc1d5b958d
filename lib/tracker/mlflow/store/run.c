/* A run's directory in a file store. Its ID is derived from the attempt, so
 * that every process finds the same one; meta.yaml is written last, until then
 * nobody sees the run. */
#include "tracker/mlflow/store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/folder.h"
#include "foreign/yaml.h"
#include "tracker/common/place.h"
#include "tracker/common/same_folder.h"
#include "tracker/mlflow/private.h"

#define META_BYTES_MAX ((size_t)1024 * 1024)

int
mlruns_put_tags(const struct mlruns_run *run, const struct mlflow_tags *tags,
    struct err *err)
{
	int result = 0;

	for (size_t i = 0; i < tags->len && result == 0; i++)
		result = mlruns_write_tag(
		    run, tags->list[i].key, tags->list[i].value, err);
	return result;
}

static int
put_tags(const struct mlflow *m, const struct mlruns_run *run,
    const struct mlflow_tagged *tagged, struct err *err)
{
	bool joined = tagged->joined != NULL;
	struct mlflow_tags tags = {0};
	int result;

	mlflow_run_tags(
	    m, joined ? MLFLOW_TAGS_GIVEN : MLFLOW_TAGS_ALL, tagged, &tags);
	if (!joined)
		mlflow_tags_put(&tags, MLFLOW_NAME_TAG, run->name);
	result = mlruns_put_tags(run, &tags, err);
	mlflow_tags_release(&tags);
	return result;
}

static int
make_dirs(int dir, struct err *err)
{
	static const char *const below[] = {
	    "metrics", "params", "artifacts", "tags"};

	for (size_t i = 0; i < sizeof below / sizeof below[0]; i++) {
		int fd = folder_open(dir, below[i], true, err);

		if (fd < 0)
			return fd;
		close(fd);
	}
	return 0;
}

void
mlruns_run_release(struct mlruns_run *run)
{
	free(run->dir);
	free(run->id);
	free(run->experiment_id);
	free(run->name);
	mlruns_points_free(run->points);
	memset(run, 0, sizeof *run);
}

int
mlruns_run_open(const struct mlruns_run *run, struct err *err)
{
	char mark[FOLDER_MARK_SIZE];
	int fd = folder_open(run->experiment, run->id, false, err);
	int result = fd < 0 ? fd : folder_mark(fd, mark, err);

	if (result >= 0 && strcmp(mark, run->mark) != 0)
		result = err_set(err, -ESTALE,
		    "another folder has the run's place by now, so nothing is "
		    "written there");
	if (result >= 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return err_prefix(err, "%s", run->dir);
}

/* Opens the directory, made if need be, and takes its mark: that of an earlier
 * process, or a new one. */
static int
open_made(const struct mlflow *m, struct mlruns_run *run, struct err *err)
{
	char *key = xasprintf("%s-mark", run->id);
	struct err missing = ERR_INIT;
	int fd = folder_open(run->experiment, run->id, false, &missing);
	int result;

	run->check = fd >= 0;
	if (fd == -ENOENT) {
		same_folder_forget(m->tracker, key);
		fd = folder_open(run->experiment, run->id, true, err);
	} else if (fd < 0) {
		*err = missing;
	}
	result = fd < 0 ? err_prefix(err, "%s", run->dir)
			: same_folder_check(m->tracker, key, fd, run->dir, err);
	if (result == 0)
		result = folder_mark(fd, run->mark, err);
	free(key);
	if (result == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return result;
}

/* Takes the name and the start of the run that goes on. */
static int
join(struct mlruns_run *run, struct err *err)
{
	int dir = folder_open(run->experiment, run->id, false, err);
	char *name, *start;
	struct buf meta;
	int result;

	if (dir < 0)
		return err_prefix(err, "%s: no run to go on with", run->dir);
	buf_init(&meta, META_BYTES_MAX);
	result = file_read_all(dir, "meta.yaml", &meta, err);
	close(dir);
	if (result == 0) {
		name = yaml_member(meta.data, meta.len, "run_name");
		start = yaml_member(meta.data, meta.len, "start_time");
		if (name != NULL) {
			free(run->name);
			run->name = name;
		}
		if (start != NULL)
			run->start_ms = strtoll(start, NULL, 10);
		free(start);
	} else {
		err_prefix(err, "%s: no run to go on with", run->dir);
	}
	buf_release(&meta);
	return result;
}

/* Makes the run, or takes up the one that is there; both takes name over. */
int
mlruns_run_make(const struct mlflow *m, int experiment, struct mlruns_run *run,
    const struct mlflow_tagged *tagged, char *name, struct err *err)
{
	int dir, result, there;

	mlruns_run_release(run);
	run->experiment = experiment;
	run->word = place_word(m->run->start->attempt);
	run->id = tagged->joined != NULL ? xstrdup(tagged->joined)
					 : digest_hex(tagged->id);
	run->dir =
	    xasprintf("%s/%s/%s", m->config.root, m->experiment_id, run->id);
	run->experiment_id = xstrdup(m->experiment_id);
	run->name = name;
	run->joined = tagged->joined != NULL;
	run->tracker = m->tracker;
	run->user = m->run->start->user;
	run->start_ms = m->run->started_us / 1000;
	if (tagged->joined != NULL && join(run, err) < 0)
		return err->code;
	dir = open_made(m, run, err);
	if (dir < 0)
		return dir;
	result = make_dirs(dir, err);
	if (result < 0)
		err_prefix(err, "%s", run->dir);
	if (result == 0)
		result = put_tags(m, run, tagged, err);
	there = result == 0 ? file_look(dir, "meta.yaml", 0, NULL, err) : 1;
	if (there < 0)
		result = err_prefix(err, "%s", run->dir);
	else if (there == 0 || (result == 0 && tagged->joined != NULL))
		result = mlruns_write_meta(run, MLRUNS_RUNNING, 0, err);
	close(dir);
	return result;
}
