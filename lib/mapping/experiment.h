/*
 * The mapping: how insideLLMs rebuilds experiments from records (which
 * status words count as success or error, which model and probe) and turns
 * each into metrics and params (its log_experiment_result). It streams:
 * records go in one by one, and the values of all experiments are up to date
 * at any moment.
 *
 *	mapping_init(&m);
 *	experiment = mapping_add(&m, &record);      each record, in file order
 *	... mapping_experiment(&m, i), m.record_count, m.statuses ...
 *	mapping_release(&m);
 *
 * Only all records together tell which experiments count: as soon as one record
 * has custom.harness, records without it belong to no experiment. Then
 * mapping_add answers NULL for those, and experiments that were made from plain
 * records before are retired (`retired`, skipped by mapping_experiment).
 */
#ifndef MAPPING_EXPERIMENT_H
#define MAPPING_EXPERIMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "mapping/record.h"
#include "mapping/tally.h"
#include "mapping/texts.h"

/* The schema version of a run without records, insideLLMs' own default. */
#define MAPPING_SCHEMA_VERSION "1.0.1"

struct experiment {
	size_t index; /* order of first appearance, retired ones counted */
	bool harness;
	bool retired;
	/* Texts (format/text.h). */
	char *id;
	char *model_name;
	char *model_provider;
	char *probe_name;
	char *probe_category;
	struct tally tally;
};

struct mapping_index;

struct mapping {
	uint64_t record_count;
	uint64_t malformed_lines; /* kept by the reader of the lines */
	struct tally all;         /* over all records */
	struct tally live;        /* over those of experiments that count */
	char *schema_version;     /* the first record's; NULL before it */
	struct texts statuses;    /* each with its records */
	struct texts run_ids;
	struct experiment **experiments;
	size_t experiment_len; /* retired ones too */
	size_t live_len;       /* those that count */
	bool harness;
	/* What passed a limit is counted here. */
	uint64_t uncounted_experiments; /* records of those beyond the limit */
	uint64_t uncounted_statuses, uncounted_run_ids, cut_texts;
	struct mapping_index *index; /* private */
};

void mapping_init(struct mapping *m);
void mapping_release(struct mapping *m);

/* Counts one record. Returns the experiment it belongs to, or NULL (see
 * above); it lives as long as the mapping. */
struct experiment *mapping_add(struct mapping *m, const struct record *record);

/* The i-th experiment that counts, 0 .. live_len - 1, in order of first
 * appearance. */
struct experiment *mapping_experiment(const struct mapping *m, size_t i);

/* Appends to `line`, in words for a report, which limits were passed. Returns
 * whether any was. */
bool mapping_limits_passed(const struct mapping *m, struct buf *line);

/* Sum of the experiments that count (latency too). Of several experiments start
 * and end mean nothing: the clocks of two need not agree. */
void mapping_totals(const struct mapping *m, struct tally *sum);

#endif
