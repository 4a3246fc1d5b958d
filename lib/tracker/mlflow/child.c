/* The experiments of a run that has several: their prefixes, and their own
 * runs if they get some. Kept in the cursor, because a restarted process does not see
 * the EXPERIMENT entries again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "tracker/mlflow/private.h"

#define STATE_NAME_SIZE 48
/* A prefix of two names of 4 kB. */
#define PREFIX_MAX_BYTES (64 * 1024)

static void
state_name(char name[STATE_NAME_SIZE], const char *what, int64_t index)
{
	snprintf(name, STATE_NAME_SIZE, "%s.%jd", what, (intmax_t)index);
}

struct mlflow_child *
mlflow_child_find(const struct mlflow *m, int64_t experiment)
{
	for (size_t i = m->child_len; i > 0; i--)
		if (m->children[i - 1]->index == experiment)
			return m->children[i - 1];
	return NULL;
}

static struct mlflow_child *
add(struct mlflow *m, int64_t index, const char *prefix)
{
	struct mlflow_child *child = xcalloc(1, sizeof *child);

	child->index = index;
	child->prefix = xstrdup(prefix);
	m->children =
	    xreallocarray(m->children, m->child_len + 1, sizeof *m->children);
	m->children[m->child_len++] = child;
	return child;
}

/* Keeps the children as one list in the state, in the order of their indices,
 * which are dense. The list is on the disk no later than the cursor that has
 * passed the entry. */
void
mlflow_child_add(struct mlflow *m, const struct entry_experiment *e)
{
	char name[STATE_NAME_SIZE];
	struct buf prefix;

	if (e->index < 0 || e->index > ENTRY_EXPERIMENT_MAX ||
	    mlflow_child_find(m, e->index) != NULL)
		return;
	buf_init(&prefix, PREFIX_MAX_BYTES);
	entry_experiment_prefix(e, &prefix);
	add(m, e->index, prefix.data);
	state_name(name, "prefix", e->index);
	tracker_remember_later(m->tracker, name, prefix.data);
	if (tracker_recall(m->tracker, "experiments") == NULL ||
	    strtoll(tracker_recall(m->tracker, "experiments"), NULL, 10) <=
		e->index) {
		snprintf(name, sizeof name, "%jd", (intmax_t)e->index + 1);
		tracker_remember_later(m->tracker, "experiments", name);
	}
	buf_release(&prefix);
}

/* A run with one experiment has its values under plain names: no entry carries
 * the index, and no child is needed. */
void
mlflow_child_use(struct mlflow *m, const struct entry *e)
{
	int64_t experiment = ENTRY_NO_EXPERIMENT;
	struct mlflow_child *child;

	if (e->kind == ENTRY_METRICS)
		experiment = e->metrics.experiment;
	else if (e->kind == ENTRY_PARAMS)
		experiment = e->params.experiment;
	if (!tracker_has_own_run(m->tracker, experiment))
		return;
	child = mlflow_child_find(m, experiment);
	if (child != NULL)
		child->used = true;
}

void
mlflow_child_set_run(
    struct mlflow *m, struct mlflow_child *child, const char *run_id)
{
	char name[STATE_NAME_SIZE];

	free(child->run_id);
	child->run_id = xstrdup(run_id);
	state_name(name, "run_id", child->index);
	tracker_remember_later(m->tracker, name, run_id);
}

void
mlflow_children_recall(struct mlflow *m)
{
	const char *text = tracker_recall(m->tracker, "experiments");
	int64_t len = text != NULL ? strtoll(text, NULL, 10) : 0;
	char name[STATE_NAME_SIZE];

	for (int64_t i = 0; i < len && i <= ENTRY_EXPERIMENT_MAX; i++) {
		struct mlflow_child *child;

		state_name(name, "prefix", i);
		text = tracker_recall(m->tracker, name);
		if (text == NULL || mlflow_child_find(m, i) != NULL)
			continue;
		child = add(m, i, text);
		state_name(name, "run_id", i);
		text = tracker_recall(m->tracker, name);
		if (text != NULL) {
			child->run_id = xstrdup(text);
			child->used = true;
		}
	}
}

void
mlflow_children_release(struct mlflow *m)
{
	for (size_t i = 0; i < m->child_len; i++) {
		free(m->children[i]->prefix);
		free(m->children[i]->run_id);
		free(m->children[i]);
	}
	free(m->children);
	m->children = NULL;
	m->child_len = 0;
}
