/*
 * The mapping: how insideLLMs rebuilds experiments from records and turns each
 * into metrics and params (its log_experiment_result). Streaming: records go in
 * one by one, the values of all experiments stand at any moment.
 *
 *	mapping_init(&m);
 *	experiment = mapping_add(&m, &record);      each record, in file order
 *	... mapping_experiment(&m, i), m.record_count, m.statuses ...
 *	mapping_release(&m);
 *
 * Which experiments count is known only by looking at all records: as soon as
 * one has custom.harness, records without it belong to no experiment. Then
 * mapping_add answers NULL for those, and experiments that were made from plain
 * records before are retired (`retired`, skipped by mapping_experiment).
 *
 * Limits, against files made to eat memory; passing one is counted:
 */
#ifndef RUN_EXPERIMENT_H
#define RUN_EXPERIMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "run/record.h"
#include "run/tally.h"

#define MAPPING_EXPERIMENTS_MAX 10000
#define MAPPING_STATUSES_MAX    256
#define MAPPING_RUN_IDS_MAX     256
/* Longest text (bytes) taken for an ID, a name or a status; longer ones are cut
 * there and counted in `cut_texts`. */
#define MAPPING_TEXT_MAX 4096

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

struct status_count {
	char *status;
	uint64_t count;
};

struct mapping_index;

struct mapping {
	uint64_t record_count;
	uint64_t malformed_lines; /* kept by the reader of the lines */
	struct tally all;         /* over all records */
	struct tally live;        /* over those of experiments that count */
	char *schema_version;     /* the first record's; NULL before it */
	struct status_count *statuses; /* in order of first appearance */
	size_t status_len;
	char **run_ids; /* distinct, in order of first appearance */
	size_t run_id_len;
	struct experiment **experiments;
	size_t experiment_len; /* retired ones too */
	size_t live_len;       /* those that count */
	bool harness;
	/* What passed a limit. */
	uint64_t uncounted_experiments; /* records beyond EXPERIMENTS_MAX */
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

/* Sum of the experiments that count (start, end, latency too). */
void mapping_totals(const struct mapping *m, struct tally *sum);

#endif
