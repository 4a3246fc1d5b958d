/*
 * Makes bodies of runs/log-batch from entries, within MLflow's limits, one
 * request at a time, and holds no other request in memory. The batch lists the
 * items that it has to send, so that after each answer it knows what the
 * request held.
 *
 *	mlflow_batch_init(&b);
 *	mlflow_batch_fill(&b, entries, count, &names);   or _tags
 *	while (mlflow_batch_next(&b, &body, run_id, limit) > 0) {
 *		... send `body` ...
 *		taken:    mlflow_batch_taken(&b);
 *		refused:  mlflow_batch_refused(&b);
 *		neither:  nothing; the same items come again
 *	}
 *	mlflow_batch_release(&b);
 *
 * The last params go together with the first metrics. A server that refuses one
 * item refuses the whole request. So its items come again in two halves, and
 * these in halves, until the bad item is alone.
 */
#ifndef TRACKER_MLFLOW_BATCH_H
#define TRACKER_MLFLOW_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "journal/entry.h"

/* After nine halvings, 1000 items are single ones; each may end two halves. */
#define MLFLOW_HALVES_MAX 24

/* A batch and a request have their items in this order. */
enum mlflow_kind { MLFLOW_TAG, MLFLOW_PARAM, MLFLOW_METRIC, MLFLOW_KINDS };

/* One thing to send: entries[entry].params.list[at], tags->list[at], ... */
struct mlflow_item {
	enum mlflow_kind kind;
	uint32_t entry, at;
};

/* How the names of an experiment's entries begin, and which entries belong to
 * the run that is written. */
struct mlflow_names {
	const char *(*prefix)(const void *data, int64_t experiment);
	bool (*wanted)(const void *data, int64_t experiment);
	/* Is the run that is written an experiment's own? */
	bool (*own_run)(const void *data);
	/* One line for the report: a name changed, a value cut. */
	void (*note)(void *data, const char *line);
	void *data;
};

struct mlflow_batch {
	const struct entry *entries;      /* borrowed */
	const struct mlflow_tags *tags;   /* borrowed */
	const struct mlflow_names *names; /* borrowed */
	struct mlflow_item *items;
	size_t len, cap;
	size_t at;   /* the first item that no answer has settled */
	size_t sent; /* the last request: items[at .. at + sent - 1] */
	/* Where the halves of refused requests end, the innermost last. */
	size_t halves[MLFLOW_HALVES_MAX];
	size_t half_len;
};

void mlflow_batch_init(struct mlflow_batch *b);
void mlflow_batch_release(struct mlflow_batch *b);

/* Lists the params and metrics of these entries that names->wanted asks for,
 * from the first item on. */
void mlflow_batch_fill(struct mlflow_batch *b, const struct entry *entries,
    size_t count, const struct mlflow_names *names);
/* Lists the tags. */
void mlflow_batch_tags(struct mlflow_batch *b, const struct mlflow_tags *tags);

/* Empties `body` (maximum MLFLOW_BODY_BUFFER) and writes the next request with
 * at most `limit` items. Returns how many; 0: nothing is left. */
size_t mlflow_batch_next(
    struct mlflow_batch *b, struct buf *body, const char *run_id, size_t limit);

/* The request was carried out. */
void mlflow_batch_taken(struct mlflow_batch *b);
/* The request was refused for good. NULL: its items come again, in halves. Else
 * the request held only this item, which is now passed over. */
const struct mlflow_item *mlflow_batch_refused(struct mlflow_batch *b);

/* Appends the item's name as it stands in the request. */
void mlflow_batch_key(const struct mlflow_batch *b,
    const struct mlflow_item *item, struct buf *out);
/* How many metrics the request under way has. */
size_t mlflow_batch_metrics(const struct mlflow_batch *b);

#endif
