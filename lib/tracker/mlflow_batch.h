/*
 * Entries -> bodies of runs/log-batch within MLflow's limits, one request at a
 * time, without holding more than that one.
 *
 *	struct mlflow_batch b = { .entries = ..., .count = ..., .kind = ...,
 *	    .names = ..., .run_id = ... };
 *	while ((n = mlflow_batch_next(&b, &body, limit)) > 0)
 *		... send `body`; b.at stands behind its n items ...
 *
 * The last params go together with the first metrics. A batch with one refused
 * item is refused as a whole: with `alone` each kind has requests of its own.
 */
#ifndef TRACKER_MLFLOW_BATCH_H
#define TRACKER_MLFLOW_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "run/entry.h"

#define MLFLOW_ITEMS_MAX  1000 /* params and metrics together */
#define MLFLOW_PARAMS_MAX 100
/* Proxies and hosted services stop at 1 MB; one item more must fit. */
#define MLFLOW_BODY_MAX 900000
/* Where a body is built: one item more than MLFLOW_BODY_MAX. */
#define MLFLOW_BODY_BUFFER (1024 * 1024)

enum mlflow_kind { MLFLOW_PARAMS, MLFLOW_METRICS };

/* How the names of an experiment's entries begin, and which entries belong to
 * the run that is written. */
struct mlflow_names {
	const char *(*prefix)(const void *data, int64_t experiment);
	bool (*wanted)(const void *data, int64_t experiment);
	/* One line for the report: a name changed, a value cut. */
	void (*note)(void *data, const char *line);
	void *data;
};

struct mlflow_place {
	size_t entry, item;
};

struct mlflow_batch {
	const struct entry *entries;
	size_t count;
	enum mlflow_kind kind; /* of the items at `at`: params, then metrics */
	bool alone;
	const struct mlflow_names *names;
	const char *run_id;
	struct mlflow_place at; /* the first item not yet built */
	size_t first;           /* the entry of the last request's first item */
	bool mixed;             /* the last request had both kinds */
};

/* Empties `body` (maximum MLFLOW_BODY_BUFFER) and writes the next request with
 * at most `limit` items. Returns how many; 0: nothing is left. */
size_t mlflow_batch_next(
    struct mlflow_batch *b, struct buf *body, size_t limit);

#endif
