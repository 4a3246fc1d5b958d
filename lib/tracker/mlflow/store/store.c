/* The calls of the tracker for a file store. */
#include "tracker/mlflow/store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/folder.h"
#include "base/path.h"
#include "format/text.h"
#include "tracker/mlflow/names.h"
#include "tracker/mlflow/private.h"
#include "tracker/common/display.h"
#include "tracker/mlflow/limits.h"

#define STATUS_FINISHED 3
#define STATUS_FAILED   4
#define STATUS_KILLED   5
#define TEXT_BYTES      (1024 * 1024)
#define KEY_EXPERIMENT  "experiment"

struct mlruns {
	int experiment; /* its directory; -1: not open */
	struct mlruns_run run;
	struct mlruns_run *children; /* by place in m->children */
	size_t child_len;
};

static void
say_place(struct mlflow *m)
{
	char *root = text_shell_word(m->config.root);
	char *place = xasprintf("MLFLOW_ALLOW_FILE_STORE=true mlflow ui "
				"--backend-store-uri %s",
	    root);

	tracker_set_place(m->tracker, place);
	free(place);
	if (m->config.by_default)
		tracker_note(m->tracker,
		    "no server is named (--mlflow-uri, MLFLOW_TRACKING_URI): "
		    "files in %s, which MLflow 3 shows only with "
		    "MLFLOW_ALLOW_FILE_STORE=true",
		    root);
	tracker_note(m->tracker,
	    "to keep it in a database: mlflow migrate-filestore --source %s "
	    "--target sqlite:///new.db",
	    root);
	free(root);
}

static enum outcome
outcome_of(int result)
{
	if (result == 0)
		return OUTCOME_DONE;
	return result == -EBUSY || result == -EINTR || result == -EAGAIN
	    ? OUTCOME_RETRY
	    : OUTCOME_BLOCKED;
}

static void
close_experiment(struct mlruns *s)
{
	if (s->experiment >= 0)
		close(s->experiment);
	s->experiment = -1;
}

/* The experiment in which an earlier process began the run, unless it is gone:
 * whatever stands in its place, the run is not begun in another one.
 * -ENOENT: there is none. */
static int
open_remembered(
    struct mlflow *m, const struct mlruns_root *root, struct err *err)
{
	const char *id = tracker_recall(m->tracker, KEY_EXPERIMENT);
	struct err why = ERR_INIT;
	int fd = id != NULL ? folder_open(root->fd, id, false, &why) : -ENOENT;

	if (fd >= 0)
		m->experiment_id = xstrdup(id);
	else if (fd != -ENOENT)
		err_set(err, fd, "in %s: %s", root->path, why.message);
	return fd;
}

static int
open_experiment(struct mlflow *m, struct err *err)
{
	struct mlruns_root root = {.path = m->config.root};
	int fd;

	close_experiment(m->mlruns);
	free(m->experiment_id);
	m->experiment_id = NULL;
	root.fd = mlruns_open_root(root.path, err);
	if (root.fd < 0)
		return root.fd;
	fd = open_remembered(m, &root, err);
	if (fd == -ENOENT)
		fd = mlruns_experiment(&root, m->config.experiment_name,
		    m->config.experiment_id, &m->experiment_id, err);
	close(root.fd);
	if (fd < 0)
		return fd;
	m->mlruns->experiment = fd;
	tracker_remember_later(m->tracker, KEY_EXPERIMENT, m->experiment_id);
	return 0;
}

enum outcome
mlruns_open(struct mlflow *m, struct err *err)
{
	const char *around = m->run->start->parent;
	char *parent = around != NULL ? digest_hex(around) : NULL;
	struct mlflow_tagged tagged = {
	    .id = m->run->start->attempt, .parent = parent};
	struct buf uri;
	int result;

	/* Only a program that names the run in its own call means one of this
	 * store; the variable may be a server's. */
	if (m->run->start->source == SOURCE_LIBRARY)
		tagged.joined = m->config.run_id;
	if (m->mlruns == NULL) {
		m->mlruns = xcalloc(1, sizeof *m->mlruns);
		m->mlruns->experiment = -1;
	}
	if (m->run->start->no_run) {
		free(parent);
		tracker_set_place(m->tracker, m->config.root);
		return outcome_of(file_make_dirs(m->config.root, 0777, err));
	}
	result = open_experiment(m, err);
	if (result == 0)
		result =
		    mlruns_run_make(m, m->mlruns->experiment, &m->mlruns->run,
			&tagged, mlflow_run_name(m, &m->named), err);
	free(parent);
	if (result < 0)
		return outcome_of(result);
	/* What an earlier process put there may be gone, with its folder. */
	tracker_send_anew(m->tracker);
	free(m->artifact_uri);
	buf_init(&uri, TEXT_BYTES);
	mlruns_uri(&uri, m->mlruns->run.dir);
	buf_adds(&uri, "/artifacts");
	m->artifact_uri = buf_steal(&uri);
	say_place(m);
	if (m->config.run_id != NULL && tagged.joined == NULL)
		tracker_note(m->tracker,
		    "a run of a file store can't be joined: %s is not looked "
		    "for, this run has one of its own",
		    m->config.run_id);
	return OUTCOME_DONE;
}

int
mlruns_folder(const struct mlflow *m, struct err *err)
{
	return mlruns_run_open(&m->mlruns->run, err);
}

static const struct mlruns_run *
run_of_child(const struct mlflow *m, const struct mlflow_child *child)
{
	for (size_t i = 0; i < m->child_len && i < m->mlruns->child_len; i++)
		if (m->children[i] == child &&
		    m->mlruns->children[i].dir != NULL)
			return &m->mlruns->children[i];
	return &m->mlruns->run;
}

int
mlruns_folder_of(
    const struct mlflow *m, const struct mlflow_child *child, struct err *err)
{
	return mlruns_run_open(run_of_child(m, child), err);
}

int
mlruns_tag_of(struct mlflow *m, const struct mlflow_child *child,
    const char *key, const char *value, struct err *err)
{
	return mlruns_write_tag(run_of_child(m, child), key, value, err);
}

static struct mlruns_run *
run_of(struct mlflow *m, int64_t experiment)
{
	if (!tracker_has_own_run(m->tracker, experiment))
		return &m->mlruns->run;
	for (size_t i = 0; i < m->child_len; i++)
		if (m->children[i]->index == experiment)
			return &m->mlruns->children[i];
	return &m->mlruns->run;
}

static const char *
prefix_of(const struct mlflow *m, int64_t experiment)
{
	const struct mlflow_child *child;

	if (tracker_has_own_run(m->tracker, experiment))
		return "";
	child = mlflow_child_find(m, experiment);
	return child == NULL ? "" : child->prefix;
}

static int
make_child(struct mlflow *m, size_t i, struct err *err)
{
	struct mlruns *s = m->mlruns;
	struct mlflow_child *child = m->children[i];
	size_t len = strlen(child->prefix);
	char *id =
	    xasprintf("%s/%jd", m->run->start->attempt, (intmax_t)child->index);
	struct mlflow_tagged tagged = {
	    .id = id, .child = true, .parent = s->run.id};
	int result;

	while (len > 0 && child->prefix[len - 1] == '/')
		len--;
	result = mlruns_run_make(m, s->experiment, &s->children[i], &tagged,
	    xstrndup(child->prefix, len), err);
	if (result < 0)
		mlruns_run_release(&s->children[i]);
	else if (child->run_id == NULL)
		mlflow_child_set_run(m, child, s->children[i].id);
	free(id);
	return result;
}

/* Makes the runs of children that are used and have none yet; children[i] is
 * the run of m->children[i]. */
static int
make_children(struct mlflow *m, struct err *err)
{
	struct mlruns *s = m->mlruns;
	int result = 0;

	if (s->child_len < m->child_len) {
		s->children = xreallocarray(
		    s->children, m->child_len, sizeof *s->children);
		memset(s->children + s->child_len, 0,
		    (m->child_len - s->child_len) * sizeof *s->children);
		s->child_len = m->child_len;
	}
	for (size_t i = 0; i < m->child_len && result == 0; i++)
		if (m->children[i]->used && s->children[i].dir == NULL)
			result = make_child(m, i, err);
	return result;
}

static void
put_key(const struct mlflow *m, struct buf *key, const char *prefix,
    const char *name)
{
	char *line;

	if (!mlflow_key(key, prefix, name))
		return;
	line = mlflow_key_note(prefix, name, key->data);
	tracker_altered(m->tracker, "%s", line);
	free(line);
}

static int
put_param(struct mlflow *m, const struct mlruns_run *run, const char *prefix,
    const struct param *param, bool *refused, struct err *err)
{
	struct buf key, text, value;
	int result;

	buf_init(&key, TEXT_BYTES);
	buf_init(&text, 64 * TEXT_BYTES);
	buf_init(&value, TEXT_BYTES);
	put_key(m, &key, prefix, param->name);
	value_text(&param->value, &text);
	if (mlflow_text(&value, text.data, MLFLOW_PARAM_MAX))
		tracker_altered(m->tracker,
		    "%s: the value was cut to 6000 characters", key.data);
	result = mlruns_write_param(run, key.data, value.data, err);
	if (result > 0) {
		char *what = xasprintf("param %s", key.data);

		tracker_refused(m->tracker, what, "it keeps its first value");
		free(what);
		*refused = true;
		result = 0;
	}
	buf_release(&key);
	buf_release(&text);
	buf_release(&value);
	return result;
}

static int
put_params(struct mlflow *m, const struct entry_params *params,
    struct batch *batch, struct err *err)
{
	const struct mlruns_run *run = run_of(m, params->experiment);
	const char *prefix = prefix_of(m, params->experiment);
	bool refused = false;
	int result = 0;

	for (size_t i = 0; i < params->len && result == 0; i++)
		result =
		    put_param(m, run, prefix, &params->list[i], &refused, err);
	if (refused)
		batch->rejected++;
	return result;
}

static int
rename_run(struct mlflow *m, const char *run_id, struct err *err)
{
	struct mlruns_run *run = &m->mlruns->run;
	struct mlflow_tags tags = {0};
	char *name;
	int result;

	if (m->named || run->joined)
		return 0;
	name = display_name(m->run->start, run_id);
	if (strcmp(run->name, name) == 0) {
		free(name);
		return 0;
	}
	free(run->name);
	run->name = name;
	mlflow_tags_put(&tags, MLFLOW_NAME_TAG, run->name);
	result = mlruns_put_tags(run, &tags, err);
	mlflow_tags_release(&tags);
	if (result == 0)
		result = mlruns_write_meta(run, MLRUNS_RUNNING, 0, err);
	return result;
}

/* Writes everything but points, in order. */
static int
put_entry(struct mlflow *m, const struct entry *e, struct batch *batch,
    struct err *err)
{
	switch (e->kind) {
	case ENTRY_RUN_ID:
		return rename_run(m, e->run_id, err);
	case ENTRY_PARAMS:
		return put_params(m, &e->params, batch, err);
	default:
		return 0;
	}
}

/* Writes the points of one run, over the whole batch. */
static int
put_points(struct mlflow *m, struct mlruns_run *run, const struct batch *batch,
    struct err *err)
{
	struct buf key;
	int result;

	if (run->points == NULL)
		run->points = mlruns_points_new();
	buf_init(&key, TEXT_BYTES);
	for (size_t i = 0; i < batch->count; i++) {
		const struct entry *e = &batch->entries[i];
		const struct entry_metrics *metrics = &e->metrics;

		if (e->kind != ENTRY_METRICS ||
		    run_of(m, metrics->experiment) != run)
			continue;
		for (size_t k = 0; k < metrics->len; k++) {
			buf_reset(&key);
			put_key(m, &key, prefix_of(m, metrics->experiment),
			    metrics->list[k].name);
			mlruns_points_add(run->points, key.data,
			    e->time_us > 0 ? e->time_us / 1000 : 0,
			    metrics->list[k].value,
			    entry_step(e, run != &m->mlruns->run));
		}
	}
	result = mlruns_points_write(run->points, run, err);
	buf_release(&key);
	return result;
}

enum outcome
mlruns_send(struct mlflow *m, struct batch *batch, struct err *err)
{
	struct mlruns *s = m->mlruns;
	int result;

	for (size_t i = 0; i < batch->count; i++) {
		if (batch->entries[i].kind == ENTRY_EXPERIMENT)
			mlflow_child_add(m, &batch->entries[i].experiment);
		mlflow_child_use(m, &batch->entries[i]);
	}
	result = make_children(m, err);
	for (size_t i = 0; i < batch->count && result == 0; i++)
		result = put_entry(m, &batch->entries[i], batch, err);
	if (result == 0)
		result = put_points(m, &s->run, batch, err);
	for (size_t i = 0; i < s->child_len && result == 0; i++)
		if (s->children[i].dir != NULL)
			result = put_points(m, &s->children[i], batch, err);
	if (result < 0)
		batch->done = batch->rejected = 0;
	return outcome_of(result);
}

enum outcome
mlruns_finish(struct mlflow *m, const struct run_end *end, struct err *err)
{
	static const int numbers[] = {[RUN_FINISHED] = STATUS_FINISHED,
	    [RUN_FAILED] = STATUS_FAILED,
	    [RUN_KILLED] = STATUS_KILLED};
	struct mlruns *s = m->mlruns;
	int status = numbers[end->end->status];
	int result = make_children(m, err);

	m->end = *end;
	for (size_t i = 0; i < s->child_len && result == 0; i++)
		if (s->children[i].dir != NULL)
			result = mlruns_write_meta(
			    &s->children[i], status, end->ended_us / 1000, err);
	if (result == 0)
		result = mlruns_write_meta(
		    &s->run, status, end->ended_us / 1000, err);
	if (result == 0 && !tracker_records_follow(m->tracker))
		result = mlflow_tables_place(m, err);
	return outcome_of(result);
}

void
mlruns_close(struct mlflow *m)
{
	struct mlruns *s = m->mlruns;

	if (s == NULL)
		return;
	for (size_t i = 0; i < s->child_len; i++)
		mlruns_run_release(&s->children[i]);
	free(s->children);
	mlruns_run_release(&s->run);
	close_experiment(s);
	free(s);
	m->mlruns = NULL;
}
