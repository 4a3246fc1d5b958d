/* The experiments of a run: model and probe become labels. Kept in the cursor,
 * because a restarted process does not see the EXPERIMENT entries again. */
#ifndef TRACKER_OTLP_EXPERIMENTS_H
#define TRACKER_OTLP_EXPERIMENTS_H

#include <stddef.h>

#include "tracker/otlp/metrics_body.h"
#include "tracker/tracker.h"

struct otlp_experiments {
	struct otlp_experiment {
		char *model, *probe;
		char *id; /* NULL: model and probe say which it is */
	} * list;         /* by index; those not named yet are empty */
	size_t len;
};

void otlp_experiments_recall(
    struct otlp_experiments *x, const struct tracker *t);
void otlp_experiments_add(struct otlp_experiments *x, struct tracker *t,
    const struct entry_experiment *e);
void otlp_experiments_release(struct otlp_experiments *x);

/* Appends the labels of an experiment; of one that is not known: none. */
void otlp_experiment_labels(const struct otlp_experiments *x, int64_t index,
    struct otlp_labels *labels);

#endif
