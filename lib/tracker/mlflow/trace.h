/*
 * A record as a trace of MLflow: one span in a request of OTLP, and, where the
 * record has scores or a reference answer, the trace's info with its
 * assessments. IDs are those of the row, so what is sent again is the same
 * trace. Pure functions.
 *
 *	mlflow_traces_begin(&out, &frame);
 *	mlflow_trace_add(&out, &row);                each row
 *	otel_end(&out, &frame);
 *	if (mlflow_trace_has_info(&row))
 *		mlflow_trace_info(&json, &row, experiment_id, run_id);
 */
#ifndef TRACKER_MLFLOW_TRACE_H
#define TRACKER_MLFLOW_TRACE_H

#include <stdbool.h>

#include "base/buf.h"
#include "tracker/common/otel.h"
#include "tracker/common/row.h"

void mlflow_traces_begin(struct buf *out, struct otel_frame *frame);
void mlflow_trace_add(struct buf *out, const struct row *row);

/* Has the trace more to it than its span? */
bool mlflow_trace_has_info(const struct row *row);
/* Appends the body of POST /api/3.0/mlflow/traces. */
void mlflow_trace_info(struct buf *json, const struct row *row,
    const char *experiment_id, const char *run_id);

/* Gives the row the IDs that it has in this run: a trace belongs to one run, and the
 * same attempt may be tracked into several experiments. */
void mlflow_trace_ids(struct row *row, const char *run_id);

#endif
