/*
 * libitrack: experiment tracking as insideLLMs documents it (create_tracker,
 * start_run, log_metrics, ...), to local files, TensorBoard, MLflow and W&B.
 *
 *	struct itrack_error err = ITRACK_ERROR_INIT;
 *	struct itrack_tracker *t = NULL;
 *	struct itrack_metric m[] = {{"accuracy", 0.93}, {"loss", 0.07}};
 *
 *	if (itrack_create_tracker(&t, "local", NULL, NULL, 0, &err) < 0 ||
 *	    itrack_start_run(t, "nightly", NULL, 0, &err) < 0 ||
 *	    itrack_log_metrics(t, m, 2, ITRACK_STEP_AUTO, &err) < 0 ||
 *	    itrack_end_run(t, "finished", &err) < 0)
 *		fprintf(stderr, "tracking: %s\n", err.message);
 *	itrack_free(t);
 *
 * A call that logs appends one line to a journal below $XDG_STATE_HOME/itrack
 * (default ~/.local/state/itrack) and returns; it never waits for a server. A
 * program of its own, itrack-worker, started by itrack_start_run(), delivers
 * the journal. Entries that the caller logged before a kill -9 are delivered,
 * and the run ends as "killed"; where the program exits without having ended a
 * run, the run ends as "finished" if its exit status is 0, else as "failed". Entries that can't be delivered now wait for
 * `itrack sync`.
 *
 * Each call returns 0, or a negative errno with one line in *err (`err` may be
 * NULL). These values are common to all calls and not repeated below:
 *   -EINVAL   an argument is NULL, empty or out of range; nothing was done
 *   -ENOTCONN "No active run. Call start_run() first."
 *   -ENOTSUP  the tracker has no place for it; nothing was done
 *   -EMSGSIZE one name or value is larger than 8 MiB, or the whole entry larger
 *             than 16 MiB; nothing was done
 *   -ENOSPC, -EIO, ...  the journal can't be written now; this call was kept
 *             and is written with the next one, which fails without effect as
 *             long as the disk refuses
 *   -ECHILD   the handle was made before fork() and this is the child, where it
 *             is inert: only itrack_free() does something (gives memory back)
 *   -ENOMEM   no memory; the handle is inert from then on
 *
 * Texts are UTF-8; bytes that are not become U+FFFD. Metric values may be NaN
 * or infinite; each tracker has its own form for them. With a name given twice
 * in one call the last value stands. Everything passed in is borrowed until the
 * call returns.
 *
 * Threads: every call may be made from any thread at any time, but for
 * itrack_free(), which must be the handle's last. Order between threads is the
 * order in which the calls returned. The library starts no thread, installs no
 * signal handler, prints nothing and never ends the process. itrack_start_run()
 * starts a child that is waited for at once: a handler of SIGCHLD may see it.
 */
#ifndef ITRACK_H
#define ITRACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* The version of this header; itrack_version() is that of the library,
 * "0.1.0". */
#define ITRACK_API_VERSION 1
const char *itrack_version(void);

#define ITRACK_MESSAGE_MAX 1024

struct itrack_error {
	size_t size; /* sizeof(struct itrack_error) */
	int code;    /* negative errno; 0: nothing went wrong */
	char message[ITRACK_MESSAGE_MAX];
};

#define ITRACK_ERROR_INIT                       \
	{                                       \
		sizeof(struct itrack_error), 0, \
		{                               \
			0                       \
		}                               \
	}

struct itrack_tracker;

/* insideLLMs' TrackingConfig. Start from ITRACK_CONFIG_INIT; `size` tells the
 * library which members there are. */
struct itrack_config {
	size_t size;                 /* sizeof(struct itrack_config) */
	const char *project;         /* "insideLLMs" */
	const char *experiment_name; /* NULL: none */
	const char *const *tags;
	size_t tag_count;
	const char *notes; /* NULL: none */
	/* false: log_artifact, log_model, log_table and log_code do nothing,
	 * with 0. */
	bool log_artifacts;
	/* The git commit of the working directory (null: none) and the
	 * program's name become the artifact code.json at the start of each
	 * run. */
	bool log_code;
	/* false: itrack_auto_track() logs no metrics. */
	bool auto_log_metrics;
};

#define ITRACK_CONFIG_INIT                                                 \
	{                                                                  \
		sizeof(struct itrack_config), "insideLLMs", NULL, NULL, 0, \
		    NULL, true, false, true                                \
	}

struct itrack_option {
	const char *name;
	const char *value; /* NULL: as if not given */
};

/* A handle. kind and its options (in brackets: the variable that counts where
 * the option is not given):
 *
 * - "local": output_dir, default "./experiments"
 * - "tensorboard": log_dir, default "./runs"
 * - "mlflow": tracking_uri [MLFLOW_TRACKING_URI] (http://, https://, file:, or
 *   a path that begins with /, . or ~ or is there; default "./mlruns"),
 *   experiment_name [MLFLOW_EXPERIMENT_NAME]. A user and password in the URI are given to the
 *   worker and never written.
 * - "wandb": project (instead of the config's), entity [WANDB_ENTITY], mode
 *   "online" or "offline" [WANDB_MODE], base_url [WANDB_BASE_URL], dir
 *   [WANDB_DIR], resume "allow", "must" or "never" [WANDB_RESUME], group
 *   [WANDB_RUN_GROUP], job_type [WANDB_JOB_TYPE], sweep_id [WANDB_SWEEP_ID]. The
 *   key is WANDB_API_KEY's or netrc's.
 * - "otlp": endpoint [OTEL_EXPORTER_OTLP_ENDPOINT], default
 *   "http://localhost:4318"; metrics_endpoint, traces_endpoint, logs_endpoint
 *   [OTEL_EXPORTER_OTLP_METRICS_ENDPOINT, ...]. Keys come from
 *   OTEL_EXPORTER_OTLP_HEADERS.
 * - all: drain [ITRACK_DRAIN], the seconds that itrack_end_run() waits for
 *   delivery, default "30"; state_dir, instead of $XDG_STATE_HOME/itrack
 *
 * Relative paths are those of the working directory now. `config` NULL: the
 * defaults. -EINVAL: unknown kind (the message lists the known ones) or option.
 */
int itrack_create_tracker(struct itrack_tracker **tracker, const char *kind,
    const struct itrack_config *config, const struct itrack_option *options,
    size_t option_count, struct itrack_error *err);

/* Makes one handle for several: each call goes to each member in turn, even if
 * one fails; the first error is returned. The multi takes the members over, and
 * itrack_free() frees them too. On failure they stay the caller's. */
int itrack_multi(struct itrack_tracker **tracker,
    struct itrack_tracker *const *members, size_t count,
    struct itrack_error *err);

/* NULL is fine. A run that was not ended goes on until the program exits, which
 * ends it. The call waits for nothing: the worker delivers the entries. */
void itrack_free(struct itrack_tracker *tracker);

/* Begins a run beneath the active one, which goes on when this one ends (MLflow
 * shows it as its parent); without it every active run ends as "finished"
 * first. */
#define ITRACK_NESTED 1u

/* The run does not end with this process or its handle: other processes go on
 * with it by itrack_continue_run(), one at a time, until one calls
 * itrack_end_run(). Meanwhile logged entries are delivered. */
#define ITRACK_OPEN 2u

/* The run begins whatever stands in its way, but for a wrong argument (-EINVAL):
 * where the state directory can't have the journal it goes to a folder of the
 * user's own in $TMPDIR (/tmp); where there is no worker it waits for `itrack
 * sync`; and where nothing can be tracked the calls that follow do nothing. The
 * error tells which. */
#define ITRACK_ANYHOW 4u

/* run_name NULL: the config's experiment_name, else the time (local and others
 * YYYYMMDD_HHMMSS, TensorBoard ISO 8601). run_id NULL: the run_name
 * (TensorBoard: always). With W&B the run_id [WANDB_RUN_ID, for the first run of
 * the program] is the run's ID there, which has none of / \ # ? % : (-EINVAL),
 * and a run of that ID goes on. With MLflow [MLFLOW_RUN_ID, in the same way] it
 * is a run that is there already and goes on. itrack_run_id() returns what the
 * tracker calls the run where that is known; a new run of an MLflow server that
 * does not answer within five seconds has our name. -ENOENT: the server says that there
 * is no such run. An existing run of that ID in the local or TensorBoard
 * directory is never overwritten: the ID gets -2, -3, ... (an empty directory is
 * no run). The local directory is <output_dir>/<project>/<run ID>, TensorBoard's
 * <log_dir>/<run ID>; slashes and other characters that can't stand in a file
 * name become %XX, but for a slash in TensorBoard's, which makes a folder. The
 * directory and its first file exist on return. -ENOENT: itrack-worker is not installed beside the library, or there
 * is no state directory. */
int itrack_start_run(struct itrack_tracker *tracker, const char *run_name,
    const char *run_id, unsigned flags, struct itrack_error *err);

/* The directory of the active run, as the bytes of a path; NULL: it has none, or
 * there is no run (multi: the first member's). Valid until the next start_run,
 * end_run or free. */
const char *itrack_run_dir(const struct itrack_tracker *tracker);

/* The ID of the last run that was started (multi: the first member's); NULL:
 * none. Valid until the next start_run or free. */
const char *itrack_run_id(const struct itrack_tracker *tracker);

/* Names and values that the destination stores in another form (names that it
 * refuses, values that it cuts), of the last run that itrack_end_run() ended;
 * one a line, "" if there are none (multi: the first member that has some).
 * Valid until the next end_run or free. */
const char *itrack_altered(const struct itrack_tracker *tracker);

/* What a tracker refused for good of the last run that itrack_end_run() ended,
 * with the reasons; one a line, "" if there is nothing (multi: the first member
 * that has some). Valid until the next end_run or free. */
const char *itrack_refused(const struct itrack_tracker *tracker);

/* The name by which other processes find the last run that was started with
 * ITRACK_OPEN (multi: that of all members); NULL: none. Valid until the next
 * start_run or free. */
const char *itrack_open_name(const struct itrack_tracker *tracker);

/* A handle, or a multi, in which the open run of this name is the active one.
 * Waits up to 30 seconds for a process that holds the run now. Automatic steps
 * continue after the last one. Of the options only drain and state_dir count;
 * everything else is as it was when the run was started, but for a user and
 * password in a URI, which were not kept. -ENOENT: no such run; -EALREADY: it
 * has ended; -EBUSY: another process keeps it. */
int itrack_continue_run(struct itrack_tracker **tracker, const char *name,
    const struct itrack_option *options, size_t option_count,
    struct itrack_error *err);

/* status: "finished", "failed" or "killed"; any other word counts as "failed"
 * (the local tracker keeps the word). Waits for delivery, at most as long
 * as the option drain says. Without an active run: 0. -ETIMEDOUT: not
 * everything is delivered yet; the worker goes on, the message says what
 * `itrack sync` would finish. -EAGAIN: nothing more is tried now (no server, no
 * key); `itrack sync` finishes it later. -EIO: a tracker refused something for
 * good. The run is ended in all these cases. */
int itrack_end_run(struct itrack_tracker *tracker, const char *status,
    struct itrack_error *err);

/* Waits until every logged entry is delivered, at most `seconds` (>= 0).
 * TensorBoard and W&B write a step when the next one begins, or after a second
 * or so. -ETIMEDOUT: not yet; -EAGAIN, -EIO: as itrack_end_run(). */
int itrack_flush(
    struct itrack_tracker *tracker, double seconds, struct itrack_error *err);

struct itrack_metric {
	const char *name; /* not empty */
	double value;
};

/* Automatic steps count from 0 in each run. */
#define ITRACK_STEP_AUTO INT64_MIN

/* Logs one point for each metric, at `step` (0 or more) or at the next automatic
 * step. W&B takes no step below the last one and leaves it out. count 0: nothing is logged, but a step is
 * taken. More than 1,000 metrics become several entries of the same step. */
int itrack_log_metrics(struct itrack_tracker *tracker,
    const struct itrack_metric *metrics, size_t count, int64_t step,
    struct itrack_error *err);

enum itrack_type {
	ITRACK_NULL,
	ITRACK_BOOL,
	ITRACK_INTEGER,
	ITRACK_DOUBLE,
	ITRACK_TEXT,
	ITRACK_JSON, /* a list, an object, an integer that is longer */
};

/* A value of a Python type; trackers that store text get what str() gives:
 * "None", "True", "12", "1e-05". */
struct itrack_value {
	enum itrack_type type;
	union {
		bool boolean;
		int64_t integer;
		double number;
		const char *text;
		struct {
			/* One value without NaN. Trackers that store text get
			 * `text`; NULL: what Python's str() makes of it. */
			const char *json, *text;
		} json;
	} u;
};

struct itrack_param {
	const char *name; /* not empty */
	struct itrack_value value;
};

/* As itrack_log_metrics(), but each number keeps its type where the tracker
 * keeps types: ITRACK_BOOL, ITRACK_INTEGER or ITRACK_DOUBLE. */
int itrack_log_numbers(struct itrack_tracker *tracker,
    const struct itrack_param *numbers, size_t count, int64_t step,
    struct itrack_error *err);

int itrack_log_params(struct itrack_tracker *tracker,
    const struct itrack_param *params, size_t count, struct itrack_error *err);

/* Logs a file, or a directory with all regular files below it ("name/sub/file";
 * symbolic links in it are left out). name NULL: the last component of path;
 * type NULL: "file". W&B has each call as an artifact of that name and type, or
 * as a version of it. TensorBoard shows the path alone, which need not be
 * there; else -ENOENT and other errors of the path: nothing was logged.
 * The call keeps the bytes that the file has now (by reflink where the file
 * system has that, else as a copy) beside the journal until they are delivered,
 * so that the file may change or go afterwards; calls of other threads wait as
 * long. Where there is no room for them the file is read where it lies, and is
 * refused if it changes before. */
int itrack_log_artifact(struct itrack_tracker *tracker, const char *path,
    const char *name, const char *type, struct itrack_error *err);

/* insideLLMs' ExperimentResult. A text of NULL is left out. has_score false:
 * the seven score members are left out; a single one is left out if it is
 * NaN. */
struct itrack_experiment_result {
	size_t size; /* sizeof(struct itrack_experiment_result) */
	const char *experiment_id;
	const char *model_name, *model_provider;
	const char *probe_name, *probe_category;
	double success_rate; /* 0 .. 1 */
	uint64_t total_count, success_count, error_count;
	double duration_seconds; /* NaN: not known */
	bool has_score;
	double accuracy, precision, recall, f1_score; /* 0 .. 1 */
	double mean_latency_ms, total_tokens, error_rate;
};

/* Logs the result's metrics at the next automatic step, and its params; each
 * name gets `prefix` (NULL: none) before it. */
int itrack_log_experiment_result(struct itrack_tracker *tracker,
    const struct itrack_experiment_result *result, const char *prefix,
    struct itrack_error *err);

/* Logs a table of rows * column_count cells, row by row. MLflow: an artifact
 * like that of its own log_table (NAME.json, split form). W&B: a table, NaN as
 * null. Other trackers: -ENOTSUP. No rows: 0, nothing is logged. */
int itrack_log_table(struct itrack_tracker *tracker, const char *name,
    const char *const *columns, size_t column_count,
    const struct itrack_value *cells, size_t rows, struct itrack_error *err);

/* Logs a histogram of the values, counted in TensorBoard's default bins; values
 * that are not finite are left out. ITRACK_STEP_AUTO: uses the next automatic
 * step without taking it. TensorBoard and W&B; other trackers: -ENOTSUP. */
int itrack_log_histogram(struct itrack_tracker *tracker, const char *tag,
    const double *values, size_t count, int64_t step, struct itrack_error *err);

/* MLflow: uploads the directory `path`, a model as mlflow's save_model() writes
 * it, below `name` in the run's artifacts. -EINVAL: it has no file MLmodel, or
 * that does not name the flavor ("pytorch", ...; NULL and "pyfunc": any). The
 * other trackers: -ENOTSUP. */
int itrack_log_model(struct itrack_tracker *tracker, const char *path,
    const char *name, const char *flavor, struct itrack_error *err);

/* MLflow: makes a new version of the registered model `name`, and the model
 * itself if there is none. uri: "runs:/RUN-ID/PATH", with the ID that
 * itrack_start_run() gave the run (if two runs of the experiment have that ID,
 * the newer one counts) or with MLflow's own, or the address of the files
 * ("s3://..."). With an active run the call is logged like everything else, and
 * the version is made after the earlier files were delivered; without a run the
 * call waits for delivery, as itrack_end_run() does, and returns the same
 * values. Other trackers: -ENOTSUP. */
int itrack_register_model(struct itrack_tracker *tracker, const char *uri,
    const char *name, struct itrack_error *err);

/* Local only. The five JSON files of a run as members of one JSON object
 * ("metadata", "metrics", "params", "artifacts", "final_state": those that
 * exist). *json is freed with itrack_free_text(). -ENOENT: "Run not found". */
int itrack_load_run(struct itrack_tracker *tracker, const char *run_id,
    char **json, struct itrack_error *err);
void itrack_free_text(char *text);

/* Local only. The project's run IDs, as start_run gave them, sorted bytewise; *count may be 0. Freed
 * with itrack_free_list(). */
int itrack_list_runs(struct itrack_tracker *tracker, char ***run_ids,
    size_t *count, struct itrack_error *err);
void itrack_free_list(char **list, size_t count);

struct itrack_results;

/* Called by the function that itrack_auto_track() runs: adds a number to its
 * result. */
void itrack_add_result(
    struct itrack_results *results, const char *name, double value);

/* Starts a run called `name`, calls the function, logs the numbers that it gave
 * and ends the run: "finished" if it returned 0, else "failed". Returns what
 * the function returned if that is not 0, else the first error of the
 * tracking. The function is called even if the run can't be started. */
int itrack_auto_track(struct itrack_tracker *tracker, const char *name,
    int (*function)(struct itrack_results *results, void *context),
    void *context, struct itrack_error *err);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
