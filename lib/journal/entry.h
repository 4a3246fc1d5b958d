/*
 * An entry: one call of the tracking interface, as it stands in the journal.
 * Producers (watcher, library) make entries and know no tracker; trackers take
 * entries and know no producer. This header is all that the two share.
 *
 * In the journal an entry is one line of ASCII JSON (lib/journal/members.c),
 * described in docs/journal.md. Texts are in the form of format/text.h, times
 * are microseconds since 1970-01-01 UTC, taken when the entry was made.
 *
 * Ownership: an entry owns what it points to; entry_release() frees it.
 * Builders (entry_add_metric, ...) copy.
 */
#ifndef JOURNAL_ENTRY_H
#define JOURNAL_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define ENTRY_FORMAT_VERSION 1
/* The longest line that is written or read. A point with 64 + 64 names of 4 kB
 * each stays far below. */
#define ENTRY_LINE_MAX (16 * 1024 * 1024)
/* `experiment` of an entry that belongs to the run as a whole. */
#define ENTRY_NO_EXPERIMENT (-1)
/* The highest index that is read: an index is a place in an array, so it must
 * have a limit. The mapping counts to far less. */
#define ENTRY_EXPERIMENT_MAX 1000000
/* `exit_code` of an end entry if the exit code is not known. */
#define ENTRY_NO_EXIT_CODE (-1)

enum entry_kind {
	ENTRY_START, /* always the first */
	ENTRY_RUN_ID,
	ENTRY_PARAMS,
	ENTRY_EXPERIMENT,
	ENTRY_METRICS,
	ENTRY_ARTIFACT,
	ENTRY_TABLE,
	ENTRY_HISTOGRAM,
	ENTRY_REGISTER,
	ENTRY_RECORDS,
	ENTRY_END, /* always the last */
};

/* How the entries of an attempt came about. */
enum run_source { SOURCE_LIVE, SOURCE_IMPORT, SOURCE_LIBRARY };

enum run_status { RUN_FINISHED, RUN_FAILED, RUN_KILLED };

enum value_type {
	VALUE_NULL,
	VALUE_BOOL,
	VALUE_INTEGER,
	VALUE_DOUBLE,
	VALUE_TEXT,
	VALUE_JSON, /* a list, a dictionary, an integer that is longer */
};

struct value {
	enum value_type type;
	bool boolean;
	int64_t integer;
	double number;
	char *text; /* of JSON: what str() made of it */
	char *json; /* one value, compact; it has no NaN */
};

void value_copy(struct value *to, const struct value *from);
void value_release(struct value *v);

struct param {
	char *name;
	struct value value;
};

/* What the number was before it became a double. */
enum metric_form { METRIC_DOUBLE, METRIC_INTEGER, METRIC_BOOL };

struct metric {
	char *name;
	double value;
	enum metric_form form;
	int64_t integer; /* of METRIC_INTEGER */
};

/* A name and a text; lists of them end by their count. */
struct pair {
	char *name;
	char *text;
};

/* The text of that name; NULL: there is none. */
const char *pairs_get(const struct pair *pairs, size_t len, const char *name);

/* One destination as chosen at the start: the tracker's name and its options
 * without secrets (absolute paths, URIs without user and password). */
struct target {
	char *tracker;
	struct pair *options;
	size_t option_len;
	/* Where the run goes, in one line that is equal for the same place
	 * alone (tracker/plan.h); NULL: not known. */
	char *destination;
};

/* The value of an option by its long name ("mlflow-uri"); NULL: not given. */
const char *target_option(const struct target *t, const char *name);
void target_copy(struct target *to, const struct target *from);
void target_release(struct target *t);

struct entry_start {
	char *attempt;
	enum run_source source;
	char *run_dir; /* absolute, not canonical, as the program names it */
	/* The directory's inode and time of birth (0: not known): it may be
	 * removed and made again under its name. */
	int64_t dir_inode, dir_birth_ns;
	char *config_path; /* as typed; NULL: not known */
	char *project;
	char *experiment_name; /* NULL: none, as the next two */
	char *run_name;
	char *notes;
	char *prefix;       /* "" if none */
	char *resumed_from; /* attempt that holds the older records; or NULL */
	char *parent; /* attempt of the run that this one is nested in; or NULL
		       */
	char *open;   /* by this name other processes go on with the run, until
		       * one ends it; NULL: it ends with its owner */
	bool no_run;  /* calls that need no run: none is to be made for them */
	char **tags;
	size_t tag_len;
	struct target *targets;
	size_t target_len;
	/* The process that writes the journal: these four identify it. */
	char *host, *boot_id;
	int64_t pid, pid_start;
	/* The process that writes the run directory, on the same host since the
	 * same boot; 0: not known. */
	int64_t writer, writer_start;
	bool writer_guessed; /* it is the command, for want of a better one */
	/* Facts of the run. What an import can't know is NULL. */
	char *user;
	char *command; /* base name of the program */
	char *git_commit, *git_remote;
	/* Variables that say where it runs (base/environment.h). */
	struct pair *where;
	size_t where_len;
	char *group; /* attempts of one name stand together; NULL: none */
	/* The working directory of the process that writes the journal:
	 * relative paths begin here. */
	char *cwd;
	char *artifacts; /* "all", "safe", "none" */
	int64_t points;  /* --points; 0: all */
	/* --records: "plain", "text" (with prompts and answers); NULL: trackers
	 * get no records. */
	char *records;
	int64_t records_max; /* --records-max; 0: all */
};

/* Do trackers get prompts and answers with the records? */
bool entry_start_has_text(const struct entry_start *start);

struct entry_experiment {
	int64_t index;
	char *id, *model_name, *model_provider, *probe_name, *probe_category;
	/* An earlier experiment has the same model and probe, so names carry
	 * the ID. */
	bool name_has_id;
	bool harness; /* made by a harness, which as a rule has several */
};

struct entry_params {
	int64_t experiment; /* index, or ENTRY_NO_EXPERIMENT */
	/* They are the leaves of the run's configuration: the names are paths
	 * of keys with dots between them. */
	bool config;
	/* A rule of --stop-if held: why the run was to be stopped. */
	bool stop;
	struct param *list;
	size_t len;
};

struct entry_metrics {
	int64_t step;
	int64_t experiment; /* index, or ENTRY_NO_EXPERIMENT */
	/* The step in a run that the experiment has to itself: the number of
	 * its own records; 0: not said. */
	int64_t experiment_step;
	/* Of system metrics, which belong to a moment and to no record: the
	 * number of the sample, from 1; 0: these are others. */
	int64_t sample;
	/* What the run came to: a name has no other point, or these values
	 * count instead of the points. Where points become charts, they go
	 * into the run's summary. */
	bool summary;
	struct metric *list;
	size_t len;
	/* Length and CRC-32C of the records that were read until then, from
	 * the file's beginning: adoption recognises the file by them. 0: not
	 * said. */
	int64_t records_bytes;
	int64_t records_crc32c;
};

struct entry_artifact {
	char *name; /* its name in the run */
	char *type; /* "file" unless the caller said otherwise */
	char *path; /* absolute */
	/* The file beside the journal that has the artifact's bytes of the
	 * moment when it was recorded. NULL: the artifact is read where it
	 * lies. A delivery gets the absolute path (journal_kept_path()). */
	char *kept;
	int64_t mode; /* permissions, if it was kept */
	int64_t size, mtime_ns;
	uint64_t inode;
};

struct entry_table {
	char *name;
	char *path; /* absolute path of the records that hold the rows */
	char **columns;
	size_t column_len;
};

/* Buckets of TensorBoard's default edges (lib/mapping/histogram.h). */
struct entry_histogram {
	char *name;
	int64_t step;
	int64_t experiment;
	int64_t experiment_step; /* as that of metrics */
	double min, max, count, sum, sum_squares;
	double *limits; /* right edge of each bucket */
	double *counts;
	size_t len;
};

/* A version of a registered model. */
struct entry_register {
	char *uri;  /* as MLflow has it, or runs:/<our run ID>/<path> */
	char *name; /* of the registered model */
	char *id;   /* unique: a version is made once */
};

/* A part of the file of records: whole lines. The text itself is never in the
 * journal: who sends it reads it from the file (tracker/common/rows.h). */
struct entry_records {
	char *path; /* absolute */
	/* The file beside the journal that has these bytes at the same offset.
	 * NULL: none. A delivery gets the absolute path. */
	char *kept;
	int64_t offset, length; /* of the part, in bytes */
	int64_t crc32c;         /* of its bytes */
	int64_t first; /* number of its first record in the run, from 1 */
	int64_t count; /* of the records of the part that are to be sent */
	/* To be sent are those whose number is a multiple of this. */
	int64_t every;
	/* Of each of these, in order: how long before the entry's time it
	 * arrived. Empty: nobody saw them arrive, and the entry's time is when
	 * the file was last written. */
	int64_t *ages_us;
	size_t age_len;
	/* Of each of these the index of its experiment, or ENTRY_NO_EXPERIMENT.
	 * Empty: all are of the experiment 0. */
	int64_t *experiments;
	size_t experiment_len;
};

struct entry_end {
	enum run_status status;
	char *word; /* the program's own for it, if that is none of these; or
		     * NULL */
	int64_t last_step;
	int64_t exit_code;   /* or ENTRY_NO_EXIT_CODE */
	int64_t exit_signal; /* 0: none */
	/* What --notify calls it; NULL: nobody is told. Whoever has written the
	 * entry tells these targets, and nobody else. */
	char *event;
	char **notified;
	size_t notified_len;
};

struct entry {
	enum entry_kind kind;
	int64_t time_us;
	union {
		struct entry_start start;
		char *run_id;
		struct entry_params params;
		struct entry_experiment experiment;
		struct entry_metrics metrics;
		struct entry_artifact artifact;
		struct entry_table table;
		struct entry_histogram histogram;
		struct entry_register registration;
		struct entry_records records;
		struct entry_end end;
	};
};

void entry_init(struct entry *e, enum entry_kind kind, int64_t time_us);
void entry_release(struct entry *e);

/* Builders. A param of the same name is replaced in its place. */
void entry_add_metric(struct entry *e, const char *name, double value);
/* The same, but takes the name over, which is allocated. */
void entry_take_metric(struct entry *e, char *name, double value);
/* Writes it as the number that it was. */
struct jsonwrite;
void metric_write(struct jsonwrite *w, const struct metric *m);
void entry_add_param_text(struct entry *e, const char *name, const char *text);
void entry_add_param_integer(struct entry *e, const char *name, int64_t value);
void entry_add_param_double(struct entry *e, const char *name, double value);
void entry_add_param_bool(struct entry *e, const char *name, bool value);
void entry_add_param_json(
    struct entry *e, const char *name, const char *text, const char *json);
void entry_add_param_null(struct entry *e, const char *name);

/* Writes the value as Python's str() does: "None", "True", "12", "1e-05". */
int value_text(const struct value *v, struct buf *out);

/* The index of the experiment that PARAMS, METRICS or a HISTOGRAM belong to;
 * ENTRY_NO_EXPERIMENT for those of the run as a whole, and for other entries. */
int64_t entry_experiment_index(const struct entry *e);

/* The step of METRICS or HISTOGRAM in the run of all experiments, or in a run
 * that their experiment has to itself; of system metrics the number of the
 * sample. */
int64_t entry_step(const struct entry *e, bool own_run);

/* Appends the entry to `out` as one line with its newline. -EMSGSIZE: the line
 * is longer than ENTRY_LINE_MAX, and nothing was appended. */
int entry_encode(const struct entry *e, struct buf *out);

/* Reads one line, given without its newline. -EBADMSG: it is no entry (err says
 * where), or a member can't be used (err says which): a text that is no text, a
 * path with U+0000, a number out of its range, an unknown word.
 * -EPROTONOSUPPORT: it is a start entry of another format version, or its kind
 * is unknown. Unknown members are ignored. */
int entry_decode(
    struct entry *e, const char *line, size_t len, struct err *err);

/* Fills `where` from the environment of this process. */
void entry_start_take_where(struct entry_start *start);
/* The name by which attempts stand together: `group`, else the job of an array;
 * NULL: none. */
const char *entry_start_group(const struct entry_start *start);

/* Was the process that wrote the journal there when the run was made, so that
 * its host and working directory are the run's? */
bool entry_start_was_there(const struct entry_start *start);

/* Returns "finished", "failed" or "killed". */
const char *run_status_name(enum run_status status);

/* Writes the prefix that metrics and params of an experiment have in a run of
 * several: "<model>/<probe>/", with the ID behind it if name_has_id is set. */
int entry_experiment_prefix(const struct entry_experiment *e, struct buf *out);

#endif
