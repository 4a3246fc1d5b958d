/*
 * The body of a request with metrics: points of series, grouped by metric as OTLP
 * wants them.
 *
 *	otlp_series_init(&all);
 *	otlp_series_add(&all, &metric, &labels, &point);   in order of time
 *	otlp_series_write(&all, &body);
 *	otlp_series_release(&all);
 *
 * Of a series' points in one second the last counts: values are running ones,
 * and receivers know milliseconds at best. Every call copies.
 */
#ifndef TRACKER_OTLP_METRICS_BODY_H
#define TRACKER_OTLP_METRICS_BODY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/tree.h>

#include "base/buf.h"
#include "journal/entry.h"
#include "tracker/otlp/conventions.h"

/* Model, probe, experiment, and one of the metric's own. */
#define OTLP_LABELS_MAX 4

struct otlp_label {
	const char *name;
	const char *value; /* text */
};

struct otlp_labels {
	struct otlp_label list[OTLP_LABELS_MAX];
	size_t len;
};

struct otlp_point {
	int64_t start_ns, time_ns;
	double value;
	/* Of a histogram; borrowed. */
	const struct entry_histogram *histogram;
};

RB_HEAD(otlp_series_tree, otlp_series);

struct otlp_all_series {
	struct otlp_series_tree tree;
	size_t points; /* in all */
};

void otlp_series_init(struct otlp_all_series *all);
void otlp_series_release(struct otlp_all_series *all);

void otlp_series_add(struct otlp_all_series *all,
    const struct otlp_metric *metric, const struct otlp_labels *labels,
    const struct otlp_point *point);

/* Appends the metrics as items of a scope (common/otel.h). */
void otlp_series_write(const struct otlp_all_series *all, struct buf *out);

#endif
