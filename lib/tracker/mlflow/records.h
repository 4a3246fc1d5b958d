/* The records lane of the MLflow tracker: what is kept between two of its
 * requests. */
#ifndef TRACKER_MLFLOW_RECORDS_H
#define TRACKER_MLFLOW_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "tracker/common/rows.h"
#include "tracker/common/alone.h"
#include "tracker/tracker.h"

struct mlflow_records {
	struct batch *batch;
	struct rows rows;
	/* A batch that comes again goes on where it was: the number of its
	 * first record. */
	int64_t first;
	size_t at;   /* the first row that is not there, whole */
	size_t sent; /* rows of the request under way, from `at` on */
	size_t most; /* rows of a request: fewer after one that was refused */
	bool spans_sent; /* of this request */
	size_t infos;    /* the first row whose scores are not there */
	/* Of the row `at` if it is alone in its request, and of the scores of
	 * the row `infos`. */
	struct alone span, info;
	bool moved; /* something was taken since the engine's last call */
	/* Of this batch: records that were refused, at least in part, and what
	 * is said of the first. */
	size_t refused;
	char *refusal, *why;
	/* Records that went without their texts, of which the report does not
	 * know yet, and the first of them. */
	size_t without_texts;
	int64_t first_without, last_without; /* last: ever */
	const char *run_id;                  /* of the request under way */
	struct buf body, packed;
	/* Scores that MLflow has no number for: of the row `infos`, and of those
	 * before it of which the report does not know yet. */
	size_t left_out, scores_left_out;
	bool plain; /* the request under way is no gzip */
	bool asked; /* whether it is gzip that the server can't read */
	bool taken; /* the server has taken some */
	bool none;  /* it has no traces */
	/* Why the entry under way can't be read, while tables are sent. */
	struct err lost;
};

#endif
