/* What the files of the MLflow tracker share: mlflow.c (the tracker), call.c (one
 * request), experiment.c and open.c (the run), send.c (metrics and params), finish.c
 * (the end), inputs.c (dataset, models), tags_later.c (tags that come behind the run),
 * artifact.c (files), records.c (records as traces or tables), and store/store.c for a
 * store that is a directory. */
#ifndef TRACKER_MLFLOW_PRIVATE_H
#define TRACKER_MLFLOW_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "format/jsonwrite.h"
#include "foreign/json.h"
#include "http/http.h"
#include "tracker/mlflow/batch.h"
#include "tracker/common/artifact_copy.h"
#include "tracker/mlflow/config.h"
#include "tracker/mlflow/inputs.h"
#include "tracker/mlflow/records.h"
#include "tracker/mlflow/shared.h"
#include "tracker/mlflow/tables.h"
#include "tracker/mlflow/tags.h"
#include "tracker/tracker.h"

/* The tag with the run ID that a program using the library knows its run by. */
#define MLFLOW_OUR_ID_TAG "itrack.run_id"
/* Our own tag, by which an attempt finds its run again. */
#define MLFLOW_ID_TAG "itrack.id"
/* Runs that stand together, as the jobs of an array: W&B has groups for it. */
#define MLFLOW_GROUP_TAG "itrack.group"
/* MLflow's own. */
#define MLFLOW_NAME_TAG   "mlflow.runName"
#define MLFLOW_NOTE_TAG   "mlflow.note.content"
#define MLFLOW_PARENT_TAG "mlflow.parentRunId"
#define MLFLOW_USER_TAG   "mlflow.user"
/* Says that the run is an evaluation, which MLflow lists on a page of its own. */
#define MLFLOW_TYPE_TAG "mlflow.runType"

struct mlflow;

/* A parsed answer. Valid during the call that gets it. */
struct mlflow_answer {
	enum outcome outcome; /* DONE, RETRY, REJECTED, BLOCKED */
	int status;
	char code[64];  /* error_code, "" if none */
	bool ambiguous; /* the server may have carried it out */
	int64_t retry_after_ms;
	cJSON *doc;     /* NULL: no JSON; DONE: the object */
	struct err err; /* unless DONE */
};

typedef void mlflow_then(struct mlflow *m, struct mlflow_answer *a);

/* Each lane has one request at a time; open and finish use the one of the
 * metrics lane. */
struct mlflow_call {
	struct mlflow *m;
	struct http_call *http; /* NULL: none */
	struct buf body;
	mlflow_then *then;
	bool wants_json;
};

/* An experiment of the run: a prefix, or a run of its own. */
struct mlflow_child {
	int64_t index;
	char *prefix; /* "<model>/<probe>/" */
	char *run_id; /* NULL: none yet */
	bool used;    /* entries of its own came, so it gets a run */
	bool made;    /* the run is there, with its tags */
	bool ended;
	bool has_dataset;
};

/* The run that is being found or made. */
struct mlflow_wanted {
	char *id; /* value of the tag itrack.id */
	char *name;
	struct mlflow_child *child; /* NULL: the run itself */
	bool bare;                  /* made with only the tags that it needs */
	/* Called when the run exists. */
	void (*ready)(struct mlflow *m);
	enum tracker_call call; /* the call that waits for the run */
};

struct mlflow {
	struct tracker *tracker;
	struct mlflow_config config;
	bool configured;
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
	bool tried;   /* a create was sent, with uncertain outcome */
	bool looked;  /* and the run was looked for a second time */
	bool settled; /* no request of an earlier process is under way */

	/* sending metrics */
	struct mlflow_child **children;
	size_t child_len;
	struct batch *batch;
	char *rename; /* the new name to set; NULL: none */
	struct mlflow_batch part;
	struct mlflow_names names;
	size_t slot;          /* 0: the run, i: children[i - 1] */
	size_t careful;       /* metrics to be repeated in small pieces */
	size_t last_rejected; /* entry + 1 */

	/* sending files */
	struct batch *files;
	size_t file_at;
	int file;                     /* -1: none */
	bool no_small_uploads;        /* the server has refused one before */
	struct entry_artifact stored; /* under its name in the store */
	char *stored_name;
	struct local_copy copy;       /* into a directory of the store */
	struct loop_timer copy_timer; /* its next piece */
	char *source, *source_run;    /* of the model to be registered */

	struct mlflow_records records;
	struct mlflow_inputs inputs;
	struct mlflow_tables tables;

	struct run_end end;
	struct mlruns *mlruns; /* NULL: a server */
};

/* --- call.c --- */

void mlflow_calls_init(struct mlflow *m);
void mlflow_calls_release(struct mlflow *m);

/* Begins a body anew, with the '{' of an object, which the caller closes. */
struct jsonwrite mlflow_begin_body(struct buf *body);
/* All start a request below /api/2.0/mlflow/; `then` gets its answer. The body
 * is in calls[LANE_METRICS].body. */
void mlflow_get(struct mlflow *m, const char *path, mlflow_then *then);
void mlflow_post(struct mlflow *m, const char *path, mlflow_then *then);
void mlflow_patch(struct mlflow *m, const char *path, mlflow_then *then);
/* As mlflow_post, for a request that must not be carried out twice: it never
 * uses a connection that was used before, where curl may repeat it. */
void mlflow_post_once(struct mlflow *m, const char *path, mlflow_then *then);
/* As mlflow_get, in the files lane. */
void mlflow_files_get(struct mlflow *m, const char *path, mlflow_then *then);
void mlflow_files_post(struct mlflow *m, const char *path, mlflow_then *then);
/* Sends the file's bytes by PUT or POST; nobody looks at the answer's body. */
void mlflow_send_file(struct mlflow *m, const char *method, const char *url,
    int64_t size, mlflow_then *then);

/* Both in the records lane. Spans of one run, as gzip; nobody looks at the
 * answer's body. */
void mlflow_post_spans(struct mlflow *m, const struct buf *packed,
    const char *run_id, mlflow_then *then);
/* The info of one trace. */
void mlflow_post_trace(
    struct mlflow *m, const struct buf *json, mlflow_then *then);

/* The ID of a run or an experiment in an answer; NULL: there is none, or MLflow
 * would not make such an ID. The check matters, because IDs go into addresses
 * and into the cursor. Allocated. */
char *mlflow_id(const cJSON *doc, const char *path);

/* In the records lane, too: runs/set-tag with the body that is in its call, and
 * a file's bytes. */
void mlflow_records_tag(struct mlflow *m, mlflow_then *then);
void mlflow_records_file(struct mlflow *m, const char *method, const char *url,
    int file, int64_t size, mlflow_then *then);

/* Does the server, for its age or its store, not have what was called? */
bool mlflow_has_no_such_call(const struct mlflow_answer *a);
/* May the request itself be what makes the server fail? */
bool mlflow_is_at_fault(const struct mlflow_answer *a);
/* Tells what an answer means (pure). The caller calls cJSON_Delete(a->doc). */
void mlflow_classify(const char *base, const struct http_answer *http,
    bool wants_json, struct mlflow_answer *a);

/* --- open.c --- */

enum outcome mlflow_server_open(struct mlflow *m, struct err *err);
/* Finds or makes the run of a child, then calls `ready`. */
void mlflow_want_child(struct mlflow *m, struct mlflow_child *child,
    void (*ready)(struct mlflow *));
/* Reports a failure to the engine. */
void mlflow_fail(
    struct mlflow *m, enum tracker_call call, const struct mlflow_answer *a);
/* The same for a request without which there is no run: what the server refuses for
 * good blocks it. */
void mlflow_fail_open(
    struct mlflow *m, enum tracker_call call, struct mlflow_answer *a);
/* Reports that nothing can go on; `message` says why. */
void mlflow_block(
    struct mlflow *m, enum tracker_call call, const char *message);

/* The experiment is known: finds the run around the run, if it has one, which has its
 * tag; then the run. */
void mlflow_find_parent(struct mlflow *m);
/* m->run_id and related members now describe a run that was joined. */
void mlflow_take_joined(struct mlflow *m);

/* --- experiment.c --- */

/* Finds the experiment, unless it is known; then makes the run. */
void mlflow_find_experiment(struct mlflow *m);

/* --- join.c --- */

/* Joins the run m->config.run_id instead of making one. */
void mlflow_join(struct mlflow *m);
/* Did this process or an earlier one join the run? Such a run keeps its
 * name. */
bool mlflow_has_joined(const struct mlflow *m);

/* --- run.c --- */

/* Writes the body of runs/create for m->wanted. */
void mlflow_run_body(const struct mlflow *m, struct buf *body);
/* Writes the log-batch that makes the run m->run_id ours. */
void mlflow_claim_body(const struct mlflow *m, struct buf *body);
/* The run's name as far as it is known; *given: the user chose it.
 * Allocated. */
char *mlflow_run_name(const struct mlflow *m, bool *given);

/* Selects tags of a run. */
enum mlflow_tag_set {
	MLFLOW_TAGS_ALL,    /* of a run that is ours */
	MLFLOW_TAGS_GIVEN,  /* of one that was joined: the user's, and our ID */
	MLFLOW_TAGS_NEEDED, /* those that the run can't do without */
};

/* Names the run that tags are for: that of the whole attempt, or the child of
 * an experiment. */
struct mlflow_tagged {
	const char *id; /* value of MLFLOW_ID_TAG */
	bool child;
	const char *parent; /* MLflow's ID of the run around it; NULL: none */
	/* A file store: the run that is there already and goes on; or NULL. */
	const char *joined;
};

/* Describes the run m->wanted. */
struct mlflow_tagged mlflow_wanted_tagged(const struct mlflow *m);
/* Puts the run's tags into an empty list. */
void mlflow_run_tags(const struct mlflow *m, enum mlflow_tag_set set,
    const struct mlflow_tagged *run, struct mlflow_tags *tags);

/* --- tags_later.c --- */

/* Notes that the run m->wanted is made without the user's tags, which follow
 * later. */
void mlflow_tags_later(struct mlflow *m);
/* Called when the run m->wanted exists: sends the tags that it lacks, then
 * calls m->wanted.ready. */
void mlflow_run_ready(struct mlflow *m);
/* Reports an item that the server refused by itself. */
void mlflow_say_refused(struct mlflow *m, const struct mlflow_batch *b,
    const struct mlflow_item *item, const struct mlflow_answer *a);

/* --- send.c --- */

enum outcome mlflow_server_send(struct mlflow *m, struct batch *batch);
/* A request of another file, within a batch of metrics or the end of the run, was
 * answered: that goes on, or comes again. */
void mlflow_send_on(struct mlflow *m);
void mlflow_send_failed(struct mlflow *m, const struct mlflow_answer *a);

/* --- finish.c --- */

enum outcome mlflow_server_finish(struct mlflow *m, const struct run_end *end);
/* Goes on with the end. The dataset goes here if nothing came behind the entries that
 * name it. */
void mlflow_finish_on(struct mlflow *m);

/* --- inputs.c --- */

/* Looks for the dataset and for models under test. */
void mlflow_inputs_take(struct mlflow *m, const struct entry *e);
/* Nothing more will be known of them. */
void mlflow_inputs_end(struct mlflow *m);
/* Starts the next request for them; false: none is left. */
bool mlflow_inputs_next(struct mlflow *m);
void mlflow_inputs_release(struct mlflow *m);

/* --- child.c --- */

/* Keeps what an EXPERIMENT entry says, across restarts, too. */
void mlflow_child_add(struct mlflow *m, const struct entry_experiment *e);
void mlflow_children_recall(struct mlflow *m);
void mlflow_children_release(struct mlflow *m);
/* If the entry belongs to an experiment, marks that one as used. */
void mlflow_child_use(struct mlflow *m, const struct entry *e);
struct mlflow_child *mlflow_child_find(
    const struct mlflow *m, int64_t experiment);
void mlflow_child_set_run(
    struct mlflow *m, struct mlflow_child *child, const char *run_id);

/* --- records.c --- */

/* Sends the records lane to a server, or into a file store. */
enum outcome mlflow_send_records(
    struct mlflow *m, struct batch *batch, struct err *err);
/* Gives the engine the answer for the batch of records that is under way. */
void mlflow_records_done(
    struct mlflow *m, enum outcome outcome, const struct mlflow_answer *a);
/* The run has ended: once all records are there, says what was left out. */
void mlflow_records_ended(struct mlflow *m);
/* The i-th row, or this part of it, was refused. */
void mlflow_records_refused(
    struct mlflow *m, size_t i, const char *part, const struct err *why);
/* So much of a record is there, or of its scores: says what is missing. */
void mlflow_records_note_form(
    struct mlflow *m, size_t i, const char *part, const struct alone *alone);
void mlflow_records_release(struct mlflow *m);

/* --- records_as_traces.c --- */

/* Has the server taken any, from this process or one before it? */
bool mlflow_takes_traces(const struct mlflow *m);
/* Sends the rows that are open. PENDING, or DONE: there were none. */
enum outcome mlflow_records_as_traces(struct mlflow *m);

/* --- place.c --- */

/* Sets the place for the report: the run's page, or, once its records are
 * there, the one that shows them. */
void mlflow_say_place(struct mlflow *m);

/* --- records_as_tables.c --- */

/* A server's first answer (`a`) says that it has no traces: says so once for the
 * whole run, and gives the batch under way its answer. */
void mlflow_records_have_no_traces(
    struct mlflow *m, const struct mlflow_answer *a);
/* What a server or a file store without traces gets of the rows that are open.
 * `outcome` is what becomes of the entry when they are there. */
enum outcome mlflow_records_as_tables(
    struct mlflow *m, enum outcome outcome, struct err *err);

/* --- artifact.c --- */

/* Sends the files lane to a server or a file store. */
enum outcome mlflow_files(
    struct mlflow *m, struct batch *batch, struct err *err);
/* The entry at m->file_at is done: goes on with the next. */
void mlflow_file_settled(struct mlflow *m, const struct mlflow_answer *a);

/* --- register.c --- */

/* Registers a version of a model; PENDING. */
enum outcome mlflow_register(
    struct mlflow *m, const struct entry_register *r, struct err *err);

/* --- upload_by_page.c --- */

/* May the file go through the server's page, although only MLflow's own client
 * reaches the store? */
bool mlflow_may_upload_small(
    const struct mlflow *m, const struct entry_artifact *artifact);
/* Sends m->file through that page, under this name. */
void mlflow_upload_small(
    struct mlflow *m, const char *name, int64_t size, mlflow_then *then);
/* Tells what its answer means for the file: REJECTED, without a note, if the
 * server has no such page. */
void mlflow_classify_small(struct mlflow *m, struct mlflow_answer *a);

/* --- tracker/mlflow/store/run.c --- */

struct mlruns_run;

/* Makes the run in the open directory of its experiment, or takes up the
 * existing one. Takes over `name` (allocated). */
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
/* As that, of the run of a child (NULL: that of all); and a tag of it. */
int mlruns_folder_of(
    const struct mlflow *m, const struct mlflow_child *child, struct err *err);
int mlruns_tag_of(struct mlflow *m, const struct mlflow_child *child,
    const char *key, const char *value, struct err *err);

/* --- tracker/mlflow/store/register.c --- */

enum outcome mlruns_register(
    struct mlflow *m, const struct entry_register *r, struct err *err);

/* examine.c: for tracker_ops. */
void mlflow_examine(const struct examination *x);
void mlflow_foretell(const struct examination *x);

#endif
