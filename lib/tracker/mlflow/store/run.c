/* A run's directory in a file store. Its ID is derived from the attempt, so
 * that every process finds the same one; meta.yaml is written last, until then
 * nobody sees the run. */
#include "tracker/mlflow/store/store.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "base/path.h"
#include "tracker/mlflow/private.h"

/* Two FNV-1a digests with different beginnings: no secret, no adversary. */
char *
mlruns_run_id(const char *attempt)
{
	uint64_t a = 14695981039346656037u, b = 1099511628211u;

	for (const char *p = attempt; *p != '\0'; p++) {
		a = (a ^ (unsigned char)*p) * 1099511628211u;
		b = (b ^ (unsigned char)*p) * 14695981039346656037u;
		b ^= a >> 29;
	}
	return xasprintf("%016" PRIx64 "%016" PRIx64, a, b);
}

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
	struct mlflow_tags tags = {0};
	int result;

	mlflow_run_tags(m, MLFLOW_TAGS_ALL, tagged, &tags);
	mlflow_tags_put(&tags, MLFLOW_NAME_TAG, run->name);
	result = mlruns_put_tags(run, &tags, err);
	mlflow_tags_release(&tags);
	return result;
}

static int
make_dirs(const struct mlruns_run *run, struct err *err)
{
	static const char *const below[] = {
	    "metrics", "params", "artifacts", "tags"};
	int result = 0;

	for (size_t i = 0; i < sizeof below / sizeof below[0] && result == 0;
	     i++) {
		char *dir = path_join(run->dir, below[i]);

		result = file_make_dirs(dir, 0777, err);
		free(dir);
	}
	return result;
}

void
mlruns_run_release(struct mlruns_run *run)
{
	free(run->dir);
	free(run->id);
	free(run->experiment_id);
	free(run->name);
	memset(run, 0, sizeof *run);
}

/* Makes the run, or takes up the one that is there; both takes name over. */
int
mlruns_run_make(const struct mlflow *m, const char *experiment_dir,
    struct mlruns_run *run, const struct mlflow_tagged *tagged, char *name,
    struct err *err)
{
	char *meta;
	int result;

	mlruns_run_release(run);
	run->id = mlruns_run_id(tagged->id);
	run->dir = path_join(experiment_dir, run->id);
	run->experiment_id = xstrdup(m->experiment_id);
	run->name = name;
	run->tracker = m->tracker;
	run->user = m->run->start->user;
	run->start_ms = m->run->started_us / 1000;
	meta = path_join(run->dir, "meta.yaml");
	run->check = access(run->dir, F_OK) == 0;
	result = make_dirs(run, err);
	if (result == 0)
		result = put_tags(m, run, tagged, err);
	if (result == 0 && access(meta, F_OK) < 0)
		result = mlruns_write_meta(run, MLRUNS_RUNNING, 0, err);
	free(meta);
	return result;
}
