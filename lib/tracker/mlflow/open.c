/* The run at the server: found or made, exactly once (experiment.c: the experiment). It
 * is searched by the tag itrack.id, which only this attempt has; if there is none, one
 * is created with that tag.
 *
 * runs/create is the one call that must not be repeated blindly: a request that
 * died on its way may still be carried out, so after one, and in a process that
 * continues another's attempt, a run that is not found is looked for a second
 * time, a while later, before it is made: once for all runs of this process. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/process.h"
#include "base/uri.h"
#include "format/jsonwrite.h"
#include "tracker/mlflow/limits.h"
#include "tracker/mlflow/private.h"

#define LOOK_AGAIN_MS 500
#define REMEMBERED    "run"
/* Another process makes the parent's run at about the same time: looked for so
 * often, at such intervals. */
#define PARENT_TRIES_MAX 40
#define PARENT_LOOK_MS   500

static void create_run(struct mlflow *m);

void
mlflow_fail(
    struct mlflow *m, enum tracker_call call, const struct mlflow_answer *a)
{
	tracker_done(m->tracker, call, a->outcome, a->retry_after_ms, &a->err);
}

void
mlflow_fail_open(
    struct mlflow *m, enum tracker_call call, struct mlflow_answer *a)
{
	if (a->outcome == OUTCOME_REJECTED)
		a->outcome = OUTCOME_BLOCKED;
	mlflow_fail(m, call, a);
}

void
mlflow_block(struct mlflow *m, enum tracker_call call, const char *message)
{
	struct err err = ERR_INIT;

	err_set(&err, -EIO, "%s: %s", m->config.base, message);
	tracker_done(m->tracker, call, OUTCOME_BLOCKED, 0, &err);
}

/* "RUN-ID EXPERIMENT-ID ARTIFACT-URI", this without what may be secret. After a
 * kill before it is written the run is found again by its tag. */
static void
remember(struct mlflow *m)
{
	char *uri = xstrdup(m->artifact_uri != NULL ? m->artifact_uri : "");
	char *text;

	uri_clean(uri);
	text = xasprintf("%s %s %s", m->run_id, m->experiment_id, uri);
	tracker_remember_later(m->tracker, REMEMBERED, text);
	tracker_set_run_id(m->tracker, m->run_id);
	free(text);
	free(uri);
}

static void
take_run(struct mlflow *m, const char *run_id)
{
	struct mlflow_wanted *w = &m->wanted;

	if (w->child != NULL) {
		mlflow_child_set_run(m, w->child, run_id);
	} else {
		free(m->run_id);
		m->run_id = xstrdup(run_id);
		remember(m);
	}
	m->tried = m->looked = false;
	mlflow_run_ready(m);
}

static void
take_info(struct mlflow *m, const cJSON *run)
{
	char *run_id = mlflow_id(run, "info.run_id");

	if (run_id == NULL) {
		mlflow_block(
		    m, m->wanted.call, "a run without an ID was answered");
		return;
	}
	if (m->wanted.child == NULL) {
		free(m->artifact_uri);
		m->artifact_uri = json_at_text_new(run, "info.artifact_uri");
	}
	take_run(m, run_id);
	free(run_id);
}

static void
created_run(struct mlflow *m, struct mlflow_answer *a)
{
	const cJSON *run = json_at(a->doc, "run");

	if (a->outcome == OUTCOME_DONE) {
		if (m->wanted.child == NULL && m->run_name == NULL)
			m->run_name = xstrdup(m->wanted.name);
		take_info(m, run);
	} else if (a->outcome == OUTCOME_REJECTED && !m->wanted.bare) {
		/* A tag may be the reason: it must not cost the run. */
		mlflow_tags_later(m);
		create_run(m);
	} else if (a->outcome == OUTCOME_REJECTED) {
		mlflow_fail_open(m, m->wanted.call, a);
	} else {
		m->tried = m->tried || a->ambiguous;
		m->looked = false;
		mlflow_fail(m, m->wanted.call, a);
	}
}

/* A create that another process sent before it died may still be on its way. */
static bool
must_look_again(const struct mlflow *m)
{
	return (m->tried || (!m->ours && !m->settled)) && !m->looked;
}

static void
create_run(struct mlflow *m)
{
	mlflow_run_body(m, &m->calls[LANE_METRICS].body);
	mlflow_post_once(m, "runs/create", created_run);
}

static void
found_run(struct mlflow *m, struct mlflow_answer *a)
{
	const cJSON *run = json_at(a->doc, "runs.0");
	struct err err = ERR_INIT;

	if (a->outcome != OUTCOME_DONE) {
		mlflow_fail(m, m->wanted.call, a);
	} else if (cJSON_IsObject(run)) {
		take_info(m, run);
	} else if (must_look_again(m)) {
		m->looked = true;
		err_set(&err, -EAGAIN,
		    "looking once more for a run that an "
		    "earlier process may have made");
		tracker_done(m->tracker, m->wanted.call, OUTCOME_RETRY,
		    LOOK_AGAIN_MS, &err);
	} else {
		m->settled = m->settled || m->looked;
		create_run(m);
	}
}

static void
search_run(struct mlflow *m, const char *id, mlflow_then *then)
{
	struct buf *body = &m->calls[LANE_METRICS].body;
	struct jsonwrite w;
	char *filter = xasprintf("tags.`itrack.id` = '%s'", id);

	w = mlflow_begin_body(body);
	jsonwrite_open_member(&w, "experiment_ids", '[');
	jsonwrite_text(&w, m->experiment_id);
	jsonwrite_close(&w, ']');
	jsonwrite_text_member(&w, "filter", filter);
	jsonwrite_int_member(&w, "max_results", 1);
	jsonwrite_close(&w, '}');
	free(filter);
	mlflow_post(m, "runs/search", then);
}

/* Looks for the run, and makes it if nobody has. */
static void
find_run(struct mlflow *m)
{
	if (m->ours && !m->tried)
		create_run(m);
	else
		search_run(m, m->wanted.id, found_run);
}

static void
want(struct mlflow *m, struct mlflow_child *child, char *id, char *name)
{
	free(m->wanted.id);
	free(m->wanted.name);
	m->wanted.child = child;
	m->wanted.bare = false;
	m->wanted.id = id;
	m->wanted.name = name;
}

void
mlflow_want_child(struct mlflow *m, struct mlflow_child *child,
    void (*ready)(struct mlflow *))
{
	size_t len = strlen(child->prefix);

	while (len > 0 && child->prefix[len - 1] == '/')
		len--;
	want(m, child,
	    xasprintf("%s/%jd", m->run->start->attempt, (intmax_t)child->index),
	    xstrndup(child->prefix, len));
	m->wanted.ready = ready;
	m->wanted.call = CALL_SEND_METRICS;
	if (child->run_id != NULL)
		mlflow_run_ready(m);
	else
		find_run(m);
}

static void
on_parent_timer(struct loop_timer *timer)
{
	mlflow_find_parent(timer->data);
}

static void
found_parent(struct mlflow *m, struct mlflow_answer *a)
{
	const cJSON *run = json_at(a->doc, "runs.0");

	if (a->outcome != OUTCOME_DONE) {
		mlflow_fail(m, CALL_OPEN, a);
		return;
	}
	m->parent_id = mlflow_id(run, "info.run_id");
	if (m->parent_id == NULL && ++m->parent_tries < PARENT_TRIES_MAX) {
		m->parent_timer =
		    (struct loop_timer){.fire = on_parent_timer, .data = m};
		loop_timer_set(
		    m->tracker->loop, &m->parent_timer, PARENT_LOOK_MS);
		return;
	}
	if (m->parent_id == NULL)
		tracker_note(m->tracker,
		    "the run around this one is not at the server: no parent");
	find_run(m);
}

void
mlflow_find_parent(struct mlflow *m)
{
	const char *parent = m->run->start->parent;

	if (parent == NULL || m->parent_id != NULL)
		find_run(m);
	else
		search_run(m, parent, found_parent);
}

static void
opened(struct mlflow *m)
{
	mlflow_say_place(m);
	tracker_done(m->tracker, CALL_OPEN, OUTCOME_DONE, 0, NULL);
}

void
mlflow_take_joined(struct mlflow *m)
{
	remember(m);
	mlflow_run_ready(m);
}

static void
take_up(struct mlflow *m, const struct mlflow_answer *a)
{
	char *uri = json_at_text_new(a->doc, "run.info.artifact_uri");

	if (uri != NULL) {
		free(m->artifact_uri);
		m->artifact_uri = uri;
	}
	mlflow_run_ready(m);
}

/* The run of an earlier process: it may have been deleted since. */
static void
got_run(struct mlflow *m, struct mlflow_answer *a)
{
	if (a->outcome == OUTCOME_DONE &&
	    json_at_is(a->doc, "run.info.lifecycle_stage", "deleted"))
		mlflow_block(m, CALL_OPEN,
		    "the run was deleted there: restore it (mlflow runs "
		    "restore), or track anew with --again");
	else if (a->outcome == OUTCOME_DONE)
		take_up(m, a);
	else
		mlflow_fail_open(m, CALL_OPEN, a);
}

static bool
recall(struct mlflow *m)
{
	const char *text = tracker_recall(m->tracker, REMEMBERED);
	size_t run, experiment;

	if (text == NULL)
		return false;
	run = strcspn(text, " ");
	if (text[run] == '\0')
		return false;
	experiment = strcspn(text + run + 1, " ");
	if (text[run + 1 + experiment] == '\0')
		return false;
	free(m->run_id);
	free(m->experiment_id);
	free(m->artifact_uri);
	m->run_id = xstrndup(text, run);
	m->experiment_id = xstrndup(text + run + 1, experiment);
	m->artifact_uri = xstrdup(text + run + experiment + 2);
	return true;
}

/* Did this very process begin the attempt, or was it begun for this one? Then
 * nobody else has made a run for it. */
static bool
is_ours(const struct run_info *run)
{
	const struct entry_start *start = run->start;
	char *boot_id = process_boot_id();
	bool ours = !run->again &&
	    (run->fresh ||
		(start->pid == getpid() &&
		    start->pid_start == process_start(getpid()) &&
		    start->boot_id != NULL &&
		    strcmp(start->boot_id, boot_id) == 0));

	free(boot_id);
	return ours;
}

enum outcome
mlflow_server_open(struct mlflow *m, struct err *err)
{
	if (m->shared == NULL) {
		m->shared =
		    mlflow_shared_get(m->tracker->loop, &m->config, err);
		if (m->shared == NULL)
			return OUTCOME_BLOCKED;
	}
	if ((m->config.user != NULL || m->config.token != NULL) &&
	    uri_is_in_clear(m->config.base))
		tracker_note(m->tracker,
		    "the login goes to %s in clear text (plain http)",
		    m->config.base);
	if (m->config.insecure)
		tracker_note(m->tracker,
		    "MLFLOW_TRACKING_INSECURE_TLS: the server's certificate "
		    "is not verified");
	want(m, NULL, xstrdup(m->run->start->attempt),
	    mlflow_run_name(m, &m->named));
	m->wanted.ready = opened;
	m->wanted.call = CALL_OPEN;
	m->experiment_tries = 0;
	m->ours = is_ours(m->run);
	if (!m->ours)
		m->careful = MLFLOW_ITEMS_MAX;
	if (recall(m)) {
		char *path = xasprintf("runs/get?run_id=%s", m->run_id);

		mlflow_get(m, path, got_run);
		free(path);
	} else if (m->config.run_id != NULL && !m->run->start->no_run) {
		mlflow_join(m);
	} else {
		mlflow_find_experiment(m);
	}
	return OUTCOME_PENDING;
}
