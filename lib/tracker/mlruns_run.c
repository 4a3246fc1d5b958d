/* A run's directory in a file store. Its ID is derived from the attempt, so
 * that every process finds the same one; meta.yaml is written last, until then
 * nobody sees the run. */
#include "tracker/mlruns.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "base/path.h"
#include "run/gitcommit.h"
#include "tracker/mlflow_names.h"
#include "tracker/mlflow_private.h"

#define TEXT_BYTES (1024 * 1024)

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
mlruns_put_tag(const struct mlruns_run *run, const char *name,
    const char *value, struct err *err)
{
	struct buf key, text;
	int result;

	if (value == NULL)
		return 0;
	buf_init(&key, TEXT_BYTES);
	buf_init(&text, TEXT_BYTES);
	mlflow_key(&key, "", name);
	mlflow_text(&text, value, MLFLOW_TAG_VALUE_MAX);
	result = mlruns_write_tag(run, key.data, text.data, err);
	buf_release(&key);
	buf_release(&text);
	return result;
}

static int
put_tags(const struct mlflow *m, const struct mlruns_run *run, const char *id,
    const char *parent, struct err *err)
{
	const struct entry_start *start = m->run->start;
	char *commit = git_commit(start->cwd);
	const struct {
		const char *name, *text;
	} tags[] = {
	    {"itrack.id", id},
	    {"mlflow.runName", run->name},
	    {"mlflow.parentRunId", parent},
	    {"mlflow.user", start->user},
	    {"mlflow.source.name",
		start->config_path != NULL ? start->config_path
					   : start->command},
	    {"mlflow.source.type", "LOCAL"},
	    {"mlflow.source.git.commit", commit},
	    {"mlflow.note.content", start->notes},
	    {MLFLOW_OUR_ID_TAG,
		start->source == SOURCE_LIBRARY ? m->run->run_id : NULL},
	};
	int result = 0;

	for (size_t i = 0; i < sizeof tags / sizeof tags[0] && result == 0; i++)
		result = mlruns_put_tag(run, tags[i].name, tags[i].text, err);
	for (size_t i = 0; i < start->tag_len && result == 0; i++) {
		const char *text = start->tags[i];
		size_t len = strcspn(text, "=");
		char *name = xstrndup(text, len);

		result = mlruns_put_tag(
		    run, name, text[len] == '=' ? text + len + 1 : "", err);
		free(name);
	}
	free(commit);
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
    struct mlruns_run *run, const char *id, char *name, const char *parent,
    struct err *err)
{
	char *meta;
	int result;

	mlruns_run_release(run);
	run->id = mlruns_run_id(id);
	run->dir = path_join(experiment_dir, run->id);
	run->experiment_id = xstrdup(m->experiment_id);
	run->name = name;
	run->user = m->run->start->user;
	run->start_ms = m->run->started_us / 1000;
	meta = path_join(run->dir, "meta.yaml");
	run->check = access(run->dir, F_OK) == 0;
	result = make_dirs(run, err);
	if (result == 0)
		result = put_tags(m, run, id, parent, err);
	if (result == 0 && access(meta, F_OK) < 0)
		result = mlruns_write_meta(run, MLRUNS_RUNNING, 0, err);
	free(meta);
	return result;
}
