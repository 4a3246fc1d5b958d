/*
 * One run of TensorBoard's: a directory with event files, of which each process
 * writes one. Values come in the order of the journal, always from its start; a
 * run that has files already skips of each tag as many values as stand in
 * them, so that no point is written twice and none is lost, whatever a kill
 * left.
 *
 * Values of one step are kept in memory until the step moves, so that they are
 * one event; whole records go to the file with one write().
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

/* Steps beyond it, in any run with a row in the HParams tab, make that tab fail
 * for every run in the folder. */
#define TBRUN_STEP_MAX INT32_MAX
#define TBRUN_STEP_MIN INT32_MIN

#define TBRUN_PARAMS_TAG "params/text_summary"

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
	bool in_file;         /* this process has written it */
	int64_t last_step;
	RB_ENTRY(tbrun_tag) node;
};
RB_HEAD(tbrun_tags, tbrun_tag);

/* What the runs of one attempt share. */
struct tbrun_shared {
	struct tracker *tracker; /* for notes */
	int dir;                 /* the attempt's directory */
	const char *path;        /* of it, for messages */
	bool has_row;            /* a start record stands in some run */
	bool has_far_step; /* a step beyond the limits stands in some run */
};

struct tbrun {
	struct tbrun_shared *shared;
	char *below; /* the directory, below the attempt's; "": that one */
	char *path;  /* of it, for messages */
	char *file;  /* this process's own, a name in it, or NULL */
	bool torn;   /* its last record is cut: nothing may follow */
	int64_t started_us;
	bool has_files;    /* older ones */
	int64_t last_step; /* in them */
	struct tbrun_tags tags;
	struct paramset params;
	bool has_params; /* a params text stands, with this checksum */
	uint32_t params_crc;
	bool has_row, has_end;  /* HParams records stand */
	int64_t first_value_ms; /* monotonic, of this process; 0: none yet */
	struct buf step_bytes;  /* the event of the step that is open */
	struct tfevent step_event;
	bool step_open;
	int64_t step;
	uint64_t step_serial;
	struct buf out; /* whole records */
};

/* Makes the directory if need be, or reads what is in it (`again`). No symbolic
 * link below the attempt's directory is followed. NULL: err says why. */
struct tbrun *tbrun_new(struct tbrun_shared *shared, const char *below,
    int64_t started_us, bool again, struct err *err);
void tbrun_free(struct tbrun *run);

/* Where a value stands. */
struct tbrun_point {
	int64_t time_us, step;
	const char *name; /* text (format/text.h) */
};

/* -EINVAL: the tag is of another
 * kind; -ERANGE: the step is beyond what TensorBoard can take. */
int tbrun_scalar(struct tbrun *run, const struct tbrun_point *at, double value,
    const char *description, struct err *err);
int tbrun_histogram(struct tbrun *run, const struct tbrun_point *at,
    const struct tfevent_histogram *h, struct err *err);
/* `content`: Markdown, UTF-8. Written as an event of its own. */
int tbrun_text(struct tbrun *run, const struct tbrun_point *at,
    const char *content, struct err *err);

/* The params as a text, if they changed since the last one. */
void tbrun_params(struct tbrun *run, int64_t time_us, int64_t step);
/* The row in the HParams tab, with the params so far, and its end; once each.
 */
void tbrun_row(struct tbrun *run);
void tbrun_row_end(struct tbrun *run, enum run_status status, int64_t time_us);

/* The open step is complete. */
void tbrun_end_step(struct tbrun *run);
/* Puts what is complete on disk. After an error nothing more is written. */
int tbrun_write(struct tbrun *run, struct err *err);

/* What the parts of it share. */

/* run_read.c: takes up what stands in the directory's files. */
int tbrun_read_back(struct tbrun *run, int dir, struct err *err);
/* run_file.c: opens the run's directory; a run may have thousands of
 * experiments, so it is not kept open. */
int tbrun_open_dir(const struct tbrun *run, bool make, struct err *err);
/* Makes this process's file, its name behind all others. */
int tbrun_make_file(struct tbrun *run, struct err *err);
/* run.c */
struct tbrun_tag *tbrun_tag(struct tbrun *run, const char *name);

#endif
