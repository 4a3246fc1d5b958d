/* What the files of the MLflow tracker share: mlflow.c (the tracker),
 * call.c (one request), open.c (experiment and run),
 * send.c (metrics and params), tagging.c (tags that come behind
 * the run), artifact.c (files), and tracker/mlflow/store/store.c for a store
 * that is a directory. */
#ifndef TRACKER_MLFLOW_PRIVATE_H
#define TRACKER_MLFLOW_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "foreign/json.h"
#include "http/http.h"
#include "tracker/mlflow/batch.h"
#include "tracker/common/copy.h"
#include "tracker/mlflow/config.h"
#include "tracker/mlflow/shared.h"
#include "tracker/mlflow/tags.h"
#include "tracker/tracker.h"

/* Tag with the run ID of a program that uses the library: what it knows its run
 * by. */
#define MLFLOW_OUR_ID_TAG "itrack.run_id"
/* Ours, by which an attempt finds its run again. */
#define MLFLOW_ID_TAG "itrack.id"
/* MLflow's own. */
#define MLFLOW_NAME_TAG   "mlflow.runName"
#define MLFLOW_NOTE_TAG   "mlflow.note.content"
#define MLFLOW_PARENT_TAG "mlflow.parentRunId"
#define MLFLOW_USER_TAG   "mlflow.user"

struct mlflow;

/* An answer, taken apart. Valid during the call that gets it. */
struct mlflow_answer {
	enum outcome outcome; /* DONE, RETRY, REJECTED, BLOCKED */
	int status;
	char code[64];  /* error_code, "" if none */
	bool ambiguous; /* it may have been carried out */
	int64_t retry_after_ms;
	cJSON *doc;     /* NULL: no JSON; DONE: the object */
	struct err err; /* unless DONE */
};

typedef void mlflow_then(struct mlflow *m, struct mlflow_answer *a);

/* One request at a time in each lane; open and finish use that of metrics. */
struct mlflow_call {
	struct mlflow *m;
	struct http_call *http; /* NULL: none */
	struct buf body;
	mlflow_then *then;
	bool wants_json;
};

/* An experiment of the run: a prefix, or with --nested a run of its own. */
struct mlflow_child {
	int64_t index;
	char *prefix; /* "<model>/<probe>/" */
	char *run_id; /* NULL: none yet */
	bool used;    /* entries of its own have come: it gets a run */
	bool made;    /* the run is there, with its tags */
	bool ended;
};

/* Which run is being found or made. */
struct mlflow_wanted {
	char *id; /* value of the tag itrack.id */
	char *name;
	struct mlflow_child *child; /* NULL: the run itself */
	bool bare; /* made without the tags that it can do without */
	/* Called when it is there. */
	void (*ready)(struct mlflow *m);
	enum tracker_call call; /* that waits for it */
};

struct mlflow {
	struct tracker *tracker;
	struct mlflow_config config;
	bool configured;
	bool nested;
	struct mlflow_shared *shared; /* NULL: not opened */
	struct mlflow_call calls[LANE_COUNT];
	const struct run_info *run;
	char *experiment_id, *run_id, *artifact_uri;
	char *run_name;          /* as it was created; NULL: not known */
	bool named;              /* the user chose its name */
	struct mlflow_tags tags; /* being sent */
	struct mlflow_batch tag_part;

	/* opening */
	struct mlflow_wanted wanted;
	int experiment_tries;
	char *parent_id; /* MLflow's run that this one is nested in; or NULL */
	int parent_tries;
	struct loop_timer parent_timer; /* to look for it again */
	bool ours;                      /* this process began the attempt */
	bool tried;   /* to create the run, with an uncertain end */
	bool looked;  /* for it a second time */
	bool settled; /* nothing of an earlier process is on its way */

	/* sending metrics */
	struct mlflow_child **children;
	size_t child_len;
	struct batch *batch;
	char *rename; /* to do; NULL: nothing */
	struct mlflow_batch part;
	struct mlflow_names names;
	size_t slot;          /* 0: the run, i: children[i - 1] */
	size_t careful;       /* metrics to be repeated in small pieces */
	size_t last_rejected; /* entry + 1 */

	/* sending files */
	struct batch *files;
	size_t file_at;
	int file;                     /* -1: none */
	bool no_small_uploads;        /* the server has refused one */
	struct entry_artifact stored; /* under its name in the store */
	char *stored_name;
	struct local_copy copy;       /* into a directory of the store */
	struct loop_timer copy_timer; /* its next piece */
	char *source, *source_run;    /* of a model that is being registered */

	struct run_end end;
	struct mlruns *mlruns; /* NULL: a server */
};

/* --- call.c --- */

void mlflow_calls_init(struct mlflow *m);
void mlflow_calls_release(struct mlflow *m);

/* Both start a request below /api/2.0/mlflow/; its answer goes to `then`. The
 * body is in calls[LANE_METRICS].body. */
void mlflow_get(struct mlflow *m, const char *path, mlflow_then *then);
void mlflow_post(struct mlflow *m, const char *path, mlflow_then *then);
/* The same for what must not be carried out twice: never on a connection that
 * was used before, where curl may repeat a request by itself. */
void mlflow_post_once(struct mlflow *m, const char *path, mlflow_then *then);
/* The same in the files lane. */
void mlflow_files_get(struct mlflow *m, const char *path, mlflow_then *then);
void mlflow_files_post(struct mlflow *m, const char *path, mlflow_then *then);
/* PUT or POST of the file's bytes; the answer's body is not looked at. */
void mlflow_send_file(struct mlflow *m, const char *method, const char *url,
    int64_t size, mlflow_then *then);

/* The ID of a run or an experiment in an answer; NULL: none, or one that MLflow
 * would not make: it goes into addresses and into the cursor. Allocated. */
char *mlflow_id(const cJSON *doc, const char *path);

/* What an answer means (pure). cJSON_Delete(a->doc) is the caller's. */
void mlflow_classify(const char *base, const struct http_answer *http,
    bool wants_json, struct mlflow_answer *a);

/* --- open.c --- */

enum outcome mlflow_server_open(struct mlflow *m, struct err *err);
/* Finds or makes the run of a child, then calls `ready`. */
void mlflow_want_child(struct mlflow *m, struct mlflow_child *child,
    void (*ready)(struct mlflow *));
/* Hands a failure to the engine. */
void mlflow_fail(
    struct mlflow *m, enum tracker_call call, const struct mlflow_answer *a);

/* The experiment is asked for, or known; then the run is made. */
void mlflow_find_experiment(struct mlflow *m);
/* m->run_id and the others are those of a run that was joined. */
void mlflow_take_joined(struct mlflow *m);

/* --- join.c --- */

/* Takes up the run m->config.run_id instead of making one. */
void mlflow_join(struct mlflow *m);
/* This process or one before it did: the run keeps its name. */
bool mlflow_has_joined(const struct mlflow *m);

/* --- run.c --- */

/* Writes the body of runs/create for m->wanted. */
void mlflow_run_body(const struct mlflow *m, struct buf *body);
/* Writes the log-batch that makes the run m->run_id ours. */
void mlflow_claim_body(const struct mlflow *m, struct buf *body);
/* The run's name as far as it is known; *given: the user chose it. Allocated.
 */
char *mlflow_run_name(const struct mlflow *m, bool *given);

/* Which tags. */
enum mlflow_tag_set {
	MLFLOW_TAGS_ALL,    /* of a run that is ours */
	MLFLOW_TAGS_GIVEN,  /* of one that was joined: the user's, and our ID */
	MLFLOW_TAGS_NEEDED, /* those that the run can't do without */
};

/* Whose: the run of the whole attempt, or the child of an experiment. */
struct mlflow_tagged {
	const char *id; /* value of MLFLOW_ID_TAG */
	bool child;
	const char *parent; /* MLflow's ID of the run around it; NULL: none */
};

/* m->wanted. */
struct mlflow_tagged mlflow_wanted_tagged(const struct mlflow *m);
/* Puts the run's tags into an empty list. */
void mlflow_run_tags(const struct mlflow *m, enum mlflow_tag_set set,
    const struct mlflow_tagged *run, struct mlflow_tags *tags);

/* --- tagging.c --- */

/* The run m->wanted is to be made without the user's tags: these come later. */
void mlflow_tags_later(struct mlflow *m);
/* The run m->wanted is there: sends the tags that it lacks, then goes on with
 * m->wanted.ready. */
void mlflow_run_ready(struct mlflow *m);
/* Names an item that the server refused by itself. */
void mlflow_say_refused(struct mlflow *m, const struct mlflow_batch *b,
    const struct mlflow_item *item, const struct mlflow_answer *a);

/* --- send.c --- */

enum outcome mlflow_server_send(struct mlflow *m, struct batch *batch);
enum outcome mlflow_server_finish(struct mlflow *m, const struct run_end *end);
const char *mlflow_status(enum run_status status);

/* --- child.c --- */

/* Keeps what the EXPERIMENT entry says, also across restarts. */
void mlflow_child_add(struct mlflow *m, const struct entry_experiment *e);
void mlflow_children_recall(struct mlflow *m);
void mlflow_children_release(struct mlflow *m);
/* Does the entry belong to an experiment? Then that one is used. */
void mlflow_child_use(struct mlflow *m, const struct entry *e);
struct mlflow_child *mlflow_child_find(
    const struct mlflow *m, int64_t experiment);
void mlflow_child_set_run(
    struct mlflow *m, struct mlflow_child *child, const char *run_id);

/* --- artifact.c --- */

/* The files lane, of a server and of a file store. */
enum outcome mlflow_files(
    struct mlflow *m, struct batch *batch, struct err *err);
/* The entry at m->file_at was dealt with: goes on behind it. */
void mlflow_file_settled(struct mlflow *m, const struct mlflow_answer *a);

/* --- register.c --- */

/* Registers a version of a model; PENDING. */
enum outcome mlflow_register(
    struct mlflow *m, const struct entry_register *r, struct err *err);

/* --- upload.c --- */

/* Whether the file may go through the server's page although the store is one
 * that only MLflow's own client reaches. */
bool mlflow_may_upload_small(
    const struct mlflow *m, const struct entry_artifact *artifact);
/* Sends m->file there, under this name. */
void mlflow_upload_small(
    struct mlflow *m, const char *name, int64_t size, mlflow_then *then);
/* Makes of its answer what it means for the file: REJECTED without a word if
 * the server has no such way. */
void mlflow_classify_small(struct mlflow *m, struct mlflow_answer *a);

/* --- tracker/mlflow/store/run.c --- */

struct mlruns_run;

/* The ID of the run of an attempt. Allocated. */
char *mlruns_run_id(const char *attempt);
/* Makes the run in the open directory of its experiment, or takes up the one
 * that is there. Takes over `name` (allocated). */
int mlruns_run_make(const struct mlflow *m, int experiment,
    struct mlruns_run *run, const struct mlflow_tagged *tagged, char *name,
    struct err *err);
void mlruns_run_release(struct mlruns_run *run);
int mlruns_put_tags(const struct mlruns_run *run,
    const struct mlflow_tags *tags, struct err *err);

/* --- tracker/mlflow/store/store.c --- */

enum outcome mlruns_open(struct mlflow *m, struct err *err);
enum outcome mlruns_send(
    struct mlflow *m, struct batch *batch, struct err *err);
enum outcome mlruns_finish(
    struct mlflow *m, const struct run_end *end, struct err *err);
void mlruns_close(struct mlflow *m);
/* The run's directory: a descriptor, or a negative errno. */
int mlruns_folder(const struct mlflow *m, struct err *err);

/* --- tracker/mlflow/store/register.c --- */

enum outcome mlruns_register(
    struct mlflow *m, const struct entry_register *r, struct err *err);

/* examine.c: for tracker_ops. */
void mlflow_examine(const struct examination *x);

#endif
