/*
 * One run of TensorBoard's: a directory with event files, of which each process
 * writes one. Values come in the order of the journal, always from its start; a
 * run that has files already skips, for each tag, as many values as these files
 * hold. So no point is written twice and none is lost, wherever a kill struck.
 *
 * Values of one step stay in memory until the next step begins, so that they
 * form one event; whole records go to the file with one write().
 *
 *	run = tbrun_new(&shared, below, started_us, again, &err);
 *	tbrun_scalar(run, &at, ...); ...
 *	tbrun_end_step(run);  tbrun_write(run, &err);    what stands so far
 *	tbrun_free(run);
 */
#ifndef TRACKER_TENSORBOARD_RUN_H
#define TRACKER_TENSORBOARD_RUN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/tree.h>

#include "base/buf.h"
#include "base/err.h"
#include "tracker/tensorboard/tfevent.h"
#include "tracker/common/paramset.h"
#include "tracker/tracker.h"

/* A single step beyond this, in any run with a row in the HParams tab, makes
 * that tab fail for every run in the folder. */
#define TBRUN_STEP_MAX INT32_MAX
#define TBRUN_STEP_MIN INT32_MIN

#define TBRUN_PARAMS_TAG  "params/text_summary"
#define TBRUN_RESULTS_TAG "results/text_summary"

enum tbrun_kind {
	TBRUN_UNSEEN,
	TBRUN_SCALAR,
	TBRUN_HISTOGRAM,
	TBRUN_TEXT,
	TBRUN_OTHER
};

struct tbrun_tag {
	char *name; /* UTF-8 */
	enum tbrun_kind kind;
	uint64_t on_disk; /* values that stand in older files, still to skip */
	uint64_t step_serial; /* of the last step that has it */
	bool in_file;         /* this process has written the tag */
	int64_t last_step;
	RB_ENTRY(tbrun_tag) node;
};
RB_HEAD(tbrun_tags, tbrun_tag);

/* What the runs of one attempt share. */
struct tbrun_shared {
	struct tracker *tracker; /* for notes */
	int dir;                 /* the attempt's directory */
	const char *path;        /* of it, for messages */
	const char *row_name; /* for people, no other attempt's; NULL: none */
	bool has_row;         /* a start record stands in some run */
	bool has_far_step;    /* a step beyond the limits stands in some run */
};

struct tbrun {
	struct tbrun_shared *shared;
	char *below; /* directory below the attempt's; "": that itself */
	char *path;  /* of it, for messages */
	char *file;  /* this process's own, a name in it, or NULL */
	bool torn;   /* its last record is cut: nothing may be added */
	int64_t started_us;
	bool has_files;    /* there are files of earlier processes */
	int64_t last_step; /* in them */
	struct tbrun_tags tags;
	const char *name; /* for people; NULL: none. Not owned */
	struct paramset params;
	struct paramset results; /* values that are no points */
	bool has_params; /* a params text was written, with this checksum */
	uint32_t params_crc;
	bool has_row, has_end;  /* HParams records were written */
	int64_t first_value_ms; /* monotonic, of this process; 0: none yet */
	struct buf step_bytes;  /* the event of the step that is open */
	struct tfevent step_event;
	bool step_open;
	int64_t step;
	uint64_t step_serial;
	struct buf out; /* whole records */
};

/* Makes the directory if need be, or reads the files in it (`again`). Follows
 * no symbolic link below the attempt's directory. NULL: err says why. */
struct tbrun *tbrun_new(struct tbrun_shared *shared, const char *below,
    int64_t started_us, bool again, struct err *err);
void tbrun_free(struct tbrun *run);

/* Where a value belongs. */
struct tbrun_point {
	int64_t time_us, step;
	const char *name; /* text (format/text.h) */
};

/* -EINVAL: the tag is of another kind; -ERANGE: the step is larger than
 * TensorBoard allows. */
int tbrun_scalar(struct tbrun *run, const struct tbrun_point *at, double value,
    const char *description, struct err *err);
int tbrun_histogram(struct tbrun *run, const struct tbrun_point *at,
    const struct tfevent_histogram *h, struct err *err);
/* `content`: Markdown, UTF-8. It becomes an event of its own. */
int tbrun_text(struct tbrun *run, const struct tbrun_point *at,
    const char *content, struct err *err);

/* Keeps a value that the run came to, for the results' text and the row: a chart
 * of it would be one dot. Where the name has points it becomes one more. */
int tbrun_result(struct tbrun *run, const struct tbrun_point *at, double value,
    struct err *err);

/* Writes the params as a text, if they changed since the last one. */
void tbrun_params(struct tbrun *run, int64_t time_us, int64_t step);
/* Writes the results as a text, if there are any. */
int tbrun_results(
    struct tbrun *run, int64_t time_us, int64_t step, struct err *err);
/* Writes the row in the HParams tab, with the current params and results, and
 * its end; each only once. */
void tbrun_row(struct tbrun *run);
void tbrun_row_end(struct tbrun *run, enum run_status status, int64_t time_us);

/* Completes the open step. */
void tbrun_end_step(struct tbrun *run);
/* Writes every complete record to the file. After an error nothing more is
 * written. */
int tbrun_write(struct tbrun *run, struct err *err);

/* The functions below are shared by the parts of the run. */

/* run_read.c: reads the values that the directory's files hold. */
int tbrun_read_back(struct tbrun *run, int dir, struct err *err);
/* run_file.c: opens the run's directory. It is not kept open, because a run may
 * have thousands of experiments. */
int tbrun_open_dir(const struct tbrun *run, bool make, struct err *err);
/* Makes this process's file, with a name that sorts after all others. */
int tbrun_make_file(struct tbrun *run, struct err *err);
/* run_hparams.c has tbrun_row and tbrun_row_end; run.c the rest */
struct tbrun_tag *tbrun_tag(struct tbrun *run, const char *name);

#endif
