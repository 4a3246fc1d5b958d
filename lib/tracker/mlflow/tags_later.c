/* Tags of a run that the server did not want to take together with the run:
 * made with those alone by which it is found again, it gets the others now, and
 * the one that was refused is named. That they are still to be sent is kept in
 * the cursor, before the run is made. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "tracker/mlflow/limits.h"
#include "tracker/mlflow/private.h"

#define STATE_NAME_SIZE 48
#define KEY_BYTES       65536

static void send(struct mlflow *m);

static void
state_name(const struct mlflow *m, char name[STATE_NAME_SIZE])
{
	if (m->wanted.child == NULL)
		snprintf(name, STATE_NAME_SIZE, "tags");
	else
		snprintf(name, STATE_NAME_SIZE, "tags.%jd",
		    (intmax_t)m->wanted.child->index);
}

void
mlflow_tags_later(struct mlflow *m)
{
	char name[STATE_NAME_SIZE];

	state_name(m, name);
	tracker_remember(m->tracker, name, "later");
	m->wanted.bare = true;
}

static bool
are_missing(const struct mlflow *m)
{
	char name[STATE_NAME_SIZE];
	const char *state;

	state_name(m, name);
	state = tracker_recall(m->tracker, name);
	return state != NULL && strcmp(state, "later") == 0;
}

static void
finish(struct mlflow *m)
{
	char name[STATE_NAME_SIZE];

	state_name(m, name);
	tracker_remember_later(m->tracker, name, "sent");
	mlflow_batch_release(&m->tag_part);
	mlflow_tags_release(&m->tags);
	m->wanted.ready(m);
}

void
mlflow_say_refused(struct mlflow *m, const struct mlflow_batch *b,
    const struct mlflow_item *item, const struct mlflow_answer *a)
{
	static const char *const kinds[] = {"tag", "param", "metric"};
	struct buf key;
	char *what;

	buf_init(&key, KEY_BYTES);
	mlflow_batch_key(b, item, &key);
	what = xasprintf(
	    "%s %s: refused by the server", kinds[item->kind], key.data);
	tracker_refused(m->tracker, what, a->err.message);
	free(what);
	buf_release(&key);
}

static void
sent(struct mlflow *m, struct mlflow_answer *a)
{
	const struct mlflow_item *item;

	if (a->outcome == OUTCOME_DONE) {
		mlflow_batch_taken(&m->tag_part);
	} else if (a->outcome == OUTCOME_REJECTED) {
		item = mlflow_batch_refused(&m->tag_part);
		if (item != NULL)
			mlflow_say_refused(m, &m->tag_part, item, a);
	} else {
		mlflow_fail(m, m->wanted.call, a);
		return;
	}
	send(m);
}

static void
send(struct mlflow *m)
{
	const char *run_id =
	    m->wanted.child != NULL ? m->wanted.child->run_id : m->run_id;

	if (mlflow_batch_next(&m->tag_part, &m->calls[LANE_METRICS].body,
		run_id, MLFLOW_ITEMS_MAX) > 0)
		mlflow_post(m, "runs/log-batch", sent);
	else
		finish(m);
}

void
mlflow_run_ready(struct mlflow *m)
{
	struct mlflow_tagged run;

	if (!are_missing(m)) {
		m->wanted.ready(m);
		return;
	}
	run = mlflow_wanted_tagged(m);
	mlflow_tags_release(&m->tags);
	mlflow_run_tags(m,
	    mlflow_has_joined(m) && !run.child ? MLFLOW_TAGS_GIVEN
					       : MLFLOW_TAGS_ALL,
	    &run, &m->tags);
	mlflow_batch_tags(&m->tag_part, &m->tags);
	send(m);
}
