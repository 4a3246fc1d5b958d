/*
 * What derive.c (records), derive_experiment.c (a new experiment), derive_point.c
 * (a point) and derive_end.c (the end of the run) share.
 */
#ifndef MAPPING_PRIVATE_H
#define MAPPING_PRIVATE_H

#include <sys/tree.h>

#include "mapping/histogram.h"
#include "mapping/derive.h"
#include "mapping/documents.h"
#include "mapping/observed.h"
#include "mapping/scores.h"

/* What derive keeps of an experiment beyond the mapping, at the same index. */
struct follow {
	RB_ENTRY(follow) link;
	const struct experiment *experiment;
	struct sums scores, usage, errors;
	bool changed; /* since the last point */
};

RB_HEAD(follow_tree, follow);

struct derive {
	derive_emit *emit;
	void *data;
	derive_counted *counted;
	void *counted_data;
	char *run_dir, *dir_name, *config_path, *prefix;
	const struct pair *where;
	size_t where_len;
	uint64_t points;

	struct mapping mapping;
	uint64_t line_number, first_malformed;
	struct manifest manifest;
	char *run_id; /* as it went into RUN_ID; NULL before */

	struct follow **follows;
	size_t follow_len, follow_cap;
	struct follow_tree by_name; /* model and probe */
	size_t *changed; /* indexes of those changed since the last point */
	size_t changed_len, changed_cap;
	/* Since a second experiment came, points have each experiment's own
	 * values. */
	bool separate;

	struct numbers scores, usage;
	struct numbers errors; /* each error_type, with the number 1 */
	struct sums score_sums, usage_sums, error_sums;
	struct histogram latency;  /* the records' latency_ms */
	struct observed *observed; /* NULL: nothing was seen to arrive */
	double rate, observed_ms;  /* of the last point; below 0: not known */

	uint64_t point;          /* number of the record with the last point */
	int64_t arrival_us;      /* of the last record */
	int64_t last_experiment; /* its index */
};

/* Appends a metric with the mapping's prefix, or a param. */
void derive_add_mapped(
    const struct derive *d, struct entry *e, const char *key, double value);
/* The five params, with the prefix. */
void derive_add_params(
    const struct derive *d, struct entry *e, const struct experiment *x);
/* Is the name one of the mapping's keys with the prefix? */
bool derive_is_mapped(const struct derive *d, const char *name);

/* Emits RUN_ID; `e` (PARAMS) gets the run ID too. */
void derive_emit_run_id(
    struct derive *d, const char *run_id, struct entry *e, int64_t time_us);
/* Begins METRICS of an experiment of several, at the last record. */
void derive_init_experiment(const struct derive *d, struct entry *e,
    const struct experiment *x, int64_t time_us);
/* Emits the experiment's entries; when it is the second, those of the first, too. */
void derive_begin_experiment(
    struct derive *d, const struct experiment *x, int64_t time_us);
/* Puts this experiment into the next point, too. */
void derive_mark_changed(struct derive *d, struct follow *follow);
/* A point at the last record. */
void derive_emit_point(struct derive *d);

#endif
