/* What the files of the OTLP tracker share: otlp.c (the tracker), call.c (one
 * request), metrics.c (from entries to points), finish.c and root.c (the end of the
 * run and its span), records.c and spans.c (records, their spans and events),
 * resource.c (who sends). */
#ifndef TRACKER_OTLP_PRIVATE_H
#define TRACKER_OTLP_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "http/http.h"
#include "tracker/common/alone.h"
#include "tracker/common/otel.h"
#include "tracker/common/paramset.h"
#include "tracker/common/rows.h"
#include "tracker/otlp/config.h"
#include "tracker/otlp/experiments.h"
#include "tracker/otlp/reply.h"
#include "tracker/otlp/metrics_body.h"
#include "tracker/tracker.h"

/* What is sent before it is compressed: receivers take 4 MiB at least. */
#define OTLP_BODY_BYTES (1024 * 1024)
/* One entry alone may be longer. */
#define OTLP_BODY_MAX (64 * 1024 * 1024)
/* The item of the root span, for otel_ids_make(). */
#define OTLP_ROOT (-1)
/* The cursor remembers under this name that something was taken. */
#define OTLP_TAKEN "taken"
/* And under this one the time of the last point that was taken. */
#define OTLP_LAST_TIME "last_ns"

struct otlp;

typedef void otlp_then(struct otlp *o, const struct otlp_reply *reply);

/* One request at a time; each lane has one. */
struct otlp_call {
	struct otlp *o;
	enum otlp_signal signal;
	struct http_call *http; /* NULL: none */
	struct buf body, packed;
	otlp_then *then;
};

/* The spans of an entry's records go first, then the events of their scores. */
enum otlp_step { OTLP_SPANS, OTLP_EVENTS, OTLP_STEPS };

struct otlp_records {
	struct batch *batch; /* of one entry */
	struct rows rows;
	int64_t first; /* of the entry that the next four are about */
	enum otlp_step step;
	size_t at;    /* rows that are settled in this step */
	size_t sent;  /* rows of the request */
	size_t items; /* spans or events of the request */
	size_t most;  /* rows in a request; fewer after one that was refused */
	size_t ceiling; /* what that grows to again; less after a 413 */
	bool refused;   /* one of the rows was */
	bool moved;     /* something was taken since the engine's last call */
	/* Of the row `at`, once the receiver has failed at it alone. */
	struct alone alone;
};

/* A configuration has 300 leaves at most; an experiment brings five. */
#define OTLP_PARAMS_MAX 1000

/* The value of insidellms.run.status while it runs. */
#define OTLP_RUNNING 1.0
/* Metrics of a batch that are looked for one by one when a receiver refuses a
 * request. One that refuses more takes none of this kind: the rest of the batch
 * is refused as a whole, and the requests stay few. */
#define OTLP_LEFT_OUT_MAX 4

struct otlp {
	struct tracker *tracker;
	const struct run_info *run;
	struct otlp_config config;
	bool configured;
	/* One for each signal, made when it is first used: their certificates
	 * may differ. */
	struct http *http[OTLP_SIGNALS];
	/* Nothing at the address takes this signal. */
	bool nowhere[OTLP_SIGNALS];
	/* Some receiver has taken something of this run, so the address is
	 * right. */
	bool taken;
	struct buf resource; /* its attributes, encoded */
	struct otel_ids root;
	struct otlp_experiments experiments;
	struct paramset params;
	/* Those of the first places are kept in the cursor, which they cost so
	 * many bytes. */
	size_t params_kept, params_cost;
	/* The value was not kept when the process before this one had it. */
	bool params_unknown[OTLP_PARAMS_MAX];
	struct otlp_call calls[LANE_COUNT];

	/* opening */
	enum otlp_signal probing;
	bool empty; /* the request has nothing in it */

	/* sending metrics */
	struct batch *batch;
	size_t at;     /* entries of the batch that are settled */
	size_t part;   /* entries in the request, from there on */
	size_t most;   /* entries that are tried: halved by a refusal, and
		       * doubled again by a success */
	size_t limit;  /* what that grows to; less after a 413 */
	bool within;   /* the request has some points of one entry */
	size_t from;   /* points of that entry that are settled */
	size_t some;   /* points of it in the request */
	size_t all;    /* points that the last entry of the request has */
	size_t points; /* in the request */
	/* What of a metric is left out up to the end of the batch, and the entries of
	 * the request that have points of it. */
	struct otlp_left_out {
		char *name;
		char *labels; /* of these alone; NULL: all of the metric */
	} left_out[OTLP_LEFT_OUT_MAX];
	size_t left_out_len, lacking;
	/* The last point of the request; its labels where `within`. */
	char *last_name, *last_labels;
	int64_t last_ns; /* time of the last point that was taken */
	int64_t next_ns; /* the same, if this request is taken */

	struct run_end end;
	struct otlp_records records;
};

/* --- call.c --- */

void otlp_calls_init(struct otlp *o);
void otlp_calls_release(struct otlp *o);
/* Is the signal sent? */
bool otlp_sends(const struct otlp *o, enum otlp_signal signal);
/* Says where the run is: its trace, or where its metrics are if no traces are
 * sent. */
void otlp_set_place(struct otlp *o);
/* Begins a request of the lane: its body gets the resource; items follow. */
struct buf *otlp_begin(
    struct otlp *o, enum lane lane, struct otel_frame *frame);
/* Sends the body; `then` gets the reply from the loop. False and err: it can't
 * be sent. */
bool otlp_send(struct otlp *o, enum lane lane, enum otlp_signal signal,
    otlp_then *then, struct err *err);
/* A reply that says that nothing takes the signal there: notes it, and returns
 * whether the run goes on without it. False: nothing of the run was ever taken,
 * so the address is wrong. */
bool otlp_goes_on_without(
    struct otlp *o, enum otlp_signal signal, const struct otlp_reply *reply);
/* Keeps that something was taken, across restarts, too. */
void otlp_note_taken(struct otlp *o);
/* Says what a receiver that took a request says of a part of it. */
void otlp_note_partial(
    struct otlp *o, const char *what, const struct otlp_reply *reply);

/* --- metrics.c --- */

/* Is the time so long ago that an import's points are not sent? */
bool otlp_is_old(const struct otlp *o, int64_t time_us);
/* Writes `part` entries of the batch, from `at` on, as a request's body; with
 * `within` `some` points of the one entry, behind the first `from`. No points:
 * nothing is to be sent. */
void otlp_metrics_write(struct otlp *o);
/* The same for the one point that says what the run does now. */
void otlp_status_write(struct otlp *o, int64_t time_us, double status);

/* The points of the request were taken: the next ones must be later. */
void otlp_points_taken(struct otlp *o);

/* --- metrics_send.c --- */

/* Sends a batch of the metrics lane; without entries a sign of life. */
enum outcome otlp_points_send(
    struct otlp *o, struct batch *batch, struct err *err);
void otlp_points_forget(struct otlp *o);

/* --- finish.c --- */

/* For tracker_ops. */
enum outcome otlp_finish(
    struct tracker *t, const struct run_end *end, struct err *err);

/* --- resource.c --- */

/* Fills o->resource. */
void otlp_resource_make(struct otlp *o);

/* --- root.c --- */

void otlp_params_recall(struct otlp *o);
void otlp_params_add(struct otlp *o, const struct entry_params *params);
/* Writes the root span, which says what became of the run. */
void otlp_root_write(struct otlp *o);

/* --- spans.c --- */

/* Appends the record's span, a child of the run's. */
void otlp_span_write(
    const struct otlp *o, const struct row *row, struct buf *out);
/* Appends an event for each score; returns how many. */
size_t otlp_events_write(
    const struct otlp *o, const struct row *row, struct buf *out);

/* --- records.c --- */

enum outcome otlp_records_send(
    struct otlp *o, struct batch *batch, struct err *err);

/* --- examine.c --- */

void otlp_examine(const struct examination *x);
void otlp_foretell(const struct examination *x);

#endif
