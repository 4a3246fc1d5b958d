/* Sends the files of a run to MLflow, one after the other, by the way
 * that way.c has found. The run's artifact_uri says where they go:
 * through the server ("mlflow-artifacts:"), into a directory that this
 * machine shares with it, or into a store that only MLflow's own client
 * can reach: small files may go through the server's page (upload_by_page.c). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/path.h"
#include "base/uri.h"
#include "format/text.h"
#include "tracker/common/place.h"
#include "tracker/common/artifact_source.h"
#include "tracker/mlflow/names.h"
#include "tracker/mlflow/private.h"
#include "tracker/mlflow/way.h"

#define URL_MAX_BYTES (256 * 1024)
#define PROXY_API     "/api/2.0/mlflow-artifacts/artifacts/"

static void
done(struct mlflow *m, enum outcome outcome, int64_t retry_after_ms,
    const struct err *err)
{
	m->files->done = m->file_at;
	tracker_done(m->tracker, CALL_SEND_FILES, outcome, retry_after_ms, err);
}

static void
close_file(struct mlflow *m)
{
	if (m->file >= 0)
		close(m->file);
	m->file = -1;
}

static void
reject(struct mlflow *m, const char *name, const char *why)
{
	tracker_refused(m->tracker, name, why);
	m->files->rejected++;
}

static char *
name_in_store(struct mlflow *m, const char *name)
{
	struct buf changed;

	buf_init(&changed, URL_MAX_BYTES);
	if (mlflow_artifact_name(&changed, name))
		tracker_note(m->tracker,
		    "%s: a file has this name because MLflow does not take "
		    "its own",
		    changed.data);
	return buf_steal(&changed);
}

static void
uploaded(struct mlflow *m, struct mlflow_answer *a)
{
	const struct entry_artifact *artifact =
	    &m->files->entries[m->file_at].artifact;
	int code = 0;

	if (a->outcome == OUTCOME_DONE)
		code = source_check(m->file, artifact, &a->err);
	if (code < 0)
		a->outcome = source_outcome(code);
	close_file(m);
	mlflow_file_settled(m, a);
}

/* Uploads the file to the directory `path` of the server's store. */
static enum outcome
upload(struct mlflow *m, const char *path,
    const struct entry_artifact *artifact, struct err *err)
{
	enum outcome outcome =
	    source_open(artifact, m->run->start->host, &m->file, NULL, err);
	struct buf url;
	char *name;

	if (outcome != OUTCOME_DONE)
		return outcome;
	name = name_in_store(m, artifact->name);
	buf_init(&url, URL_MAX_BYTES);
	buf_adds(&url, m->config.base);
	buf_adds(&url, PROXY_API);
	http_escape(&url, path, "/");
	buf_addc(&url, '/');
	http_escape(&url, name, "/");
	mlflow_send_file(m, "PUT", url.data, artifact->size, uploaded);
	buf_release(&url);
	free(name);
	return OUTCOME_PENDING;
}

static void
uploaded_small(struct mlflow *m, struct mlflow_answer *a)
{
	mlflow_classify_small(m, a);
	uploaded(m, a);
}

/* REJECTED without a note: only MLflow's own client can send the file. */
static enum outcome
upload_small(
    struct mlflow *m, const struct entry_artifact *artifact, struct err *err)
{
	enum outcome outcome;
	char *name;

	if (!mlflow_may_upload_small(m, artifact))
		return OUTCOME_REJECTED;
	outcome =
	    source_open(artifact, m->run->start->host, &m->file, NULL, err);
	if (outcome != OUTCOME_DONE)
		return outcome;
	name = name_in_store(m, artifact->name);
	mlflow_upload_small(m, name, artifact->size, uploaded_small);
	free(name);
	return OUTCOME_PENDING;
}

static void copied(struct mlflow *m, enum outcome outcome, struct err *err);

static void
on_copy(struct loop_timer *timer)
{
	struct mlflow *m = timer->data;
	struct err err = ERR_INIT;
	enum outcome outcome = local_copy_step(&m->copy, &err);

	tracker_progress(m->tracker);
	if (outcome == OUTCOME_PENDING)
		loop_timer_set(m->tracker->loop, timer, 0);
	else
		copied(m, outcome, &err);
}

static enum outcome
begin_copy(struct mlflow *m, int dirfd, const struct entry_artifact *artifact,
    struct err *err)
{
	enum outcome outcome;

	free(m->stored_name);
	m->stored = *artifact;
	m->stored.name = m->stored_name = name_in_store(m, artifact->name);
	outcome = local_copy_begin(&m->copy, &m->stored,
	    &(struct local_copy_way){dirfd, place_word(m->run->start->attempt),
		m->run->start->host, true, tracker_write_down(m->tracker),
		m->run->start->target_len == 1, NULL},
	    err);
	if (outcome == OUTCOME_PENDING) {
		m->copy_timer = (struct loop_timer){.fire = on_copy, .data = m};
		loop_timer_set(m->tracker->loop, &m->copy_timer, 0);
	}
	return outcome;
}

/* Copies the file into a store that is the user's own directory. */
static enum outcome
start_copy(
    struct mlflow *m, const struct entry_artifact *artifact, struct err *err)
{
	int dirfd = mlruns_folder(m, err);
	enum outcome outcome = OUTCOME_BLOCKED;

	if (dirfd >= 0) {
		outcome = begin_copy(m, dirfd, artifact, err);
		close(dirfd);
	}
	return outcome;
}

/* The server has to make the run's directory. We can put files there only if it
 * has made it on this machine and we may write it. */
static enum outcome
copy(struct mlflow *m, const char *path, const struct entry_artifact *artifact,
    struct err *err)
{
	enum outcome outcome;
	int dirfd = mlflow_way_open(path);

	if (dirfd < 0)
		return upload_small(m, artifact, err);
	outcome = begin_copy(m, dirfd, artifact, err);
	close(dirfd);
	return outcome;
}

/* MLflow's own client has its own way to every store, but it, too, would make a
 * path of the server's machine here. */
static void
say_how(struct mlflow *m, const struct entry_artifact *artifact)
{
	char *dir = path_parent(artifact->path);
	char *word = text_shell_word(dir);
	char *place = xstrdup(m->artifact_uri);

	uri_clean(place);
	if (mlflow_way_is_folder(place))
		tracker_note(m->tracker,
		    "files of this run are kept at %s of the server's "
		    "machine, which this one does not share: copy them there, "
		    "and upload them there with: mlflow artifacts "
		    "log-artifacts --run-id %s --local-dir DIR",
		    place, m->run_id);
	else
		tracker_note(m->tracker,
		    "files of this run are kept at %s, which itrack can't "
		    "write; upload them with: mlflow artifacts log-artifacts "
		    "--run-id %s --local-dir %s",
		    place, m->run_id, word);
	m->files->rejected++;
	free(place);
	free(word);
	free(dir);
}

/* A model from the registry or a file of the run. */
static const char *
name_of(const struct entry *e)
{
	switch (e->kind) {
	case ENTRY_ARTIFACT:
		return e->artifact.name;
	case ENTRY_REGISTER:
		return e->registration.name;
	default:
		return e->table.name;
	}
}

static enum outcome
start_artifact(
    struct mlflow *m, const struct entry_artifact *artifact, struct err *err)
{
	enum outcome outcome = OUTCOME_REJECTED;
	char *path;

	switch (mlflow_way(
	    m->config.base, m->artifact_uri, m->run_id, &path, err)) {
	case MLFLOW_WAY_PROXY:
		outcome = upload(m, path, artifact, err);
		break;
	case MLFLOW_WAY_FOLDER:
		outcome = copy(m, path, artifact, err);
		break;
	case MLFLOW_WAY_PAGE:
		outcome = upload_small(m, artifact, err);
		break;
	case MLFLOW_WAY_NONE:
		break;
	}
	free(path);
	return outcome;
}

static enum outcome
start_file(struct mlflow *m, const struct entry *e, struct err *err)
{
	if (e->kind == ENTRY_REGISTER)
		return m->mlruns != NULL
		    ? mlruns_register(m, &e->registration, err)
		    : mlflow_register(m, &e->registration, err);
	if (e->kind != ENTRY_ARTIFACT) {
		tracker_note(m->tracker, "MLflow has no place for tables");
		return OUTCOME_DONE;
	}
	if (m->run->start->no_run) {
		err_set(err, -EINVAL, "there is no run to have it");
		return OUTCOME_REJECTED;
	}
	return m->mlruns != NULL ? start_copy(m, &e->artifact, err)
				 : start_artifact(m, &e->artifact, err);
}

/* Counts a refused file. A file that only another host has waits for a sync
 * there. */
static enum outcome
settle(struct mlflow *m, enum outcome outcome, const struct err *err)
{
	const struct entry *e = &m->files->entries[m->file_at];

	if (outcome == OUTCOME_PENDING || outcome == OUTCOME_RETRY)
		return outcome;
	if (outcome == OUTCOME_BLOCKED)
		return OUTCOME_RETRY;
	if (outcome == OUTCOME_REJECTED && err->message[0] == '\0')
		say_how(m, &e->artifact);
	else if (outcome == OUTCOME_REJECTED)
		reject(m, name_of(e), err->message);
	m->file_at++;
	return OUTCOME_DONE;
}

/* Goes on with the file at m->file_at: PENDING: one is under way; DONE: none is
 * left; RETRY. */
static enum outcome
next_file(struct mlflow *m, struct err *err)
{
	enum outcome outcome = OUTCOME_DONE;

	while (outcome == OUTCOME_DONE && m->file_at < m->files->count) {
		struct err one = ERR_INIT;

		outcome = start_file(m, &m->files->entries[m->file_at], &one);
		outcome = settle(m, outcome, &one);
		if (outcome == OUTCOME_RETRY)
			*err = one;
	}
	return outcome;
}

static void
go_on(struct mlflow *m)
{
	struct err err = ERR_INIT;
	enum outcome outcome = next_file(m, &err);

	if (outcome != OUTCOME_PENDING)
		done(m, outcome, 0, &err);
}

static void
copied(struct mlflow *m, enum outcome outcome, struct err *err)
{
	if (settle(m, outcome, err) == OUTCOME_DONE)
		go_on(m);
	else
		done(m, OUTCOME_RETRY, 0, err);
}

void
mlflow_file_settled(struct mlflow *m, const struct mlflow_answer *a)
{
	if (a->outcome == OUTCOME_RETRY || a->outcome == OUTCOME_BLOCKED) {
		done(m, a->outcome, a->retry_after_ms, &a->err);
		return;
	}
	settle(m, a->outcome, &a->err);
	go_on(m);
}

enum outcome
mlflow_files(struct mlflow *m, struct batch *batch, struct err *err)
{
	enum outcome outcome;

	m->files = batch;
	m->file_at = 0;
	if (m->artifact_uri == NULL)
		m->artifact_uri = xstrdup("");
	outcome = next_file(m, err);
	batch->done = m->file_at;
	return outcome;
}
