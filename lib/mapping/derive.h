/*
 * Makes entries of records and documents: running values, thinning, end values.
 * Pure: it reads no file and asks no clock.
 *
 *	d = derive_new(&config, emit, data);
 *	derive_begin(d, time_us);
 *	derive_line(d, line, len, &arrival);        for each whole line
 *	derive_end(d, &end);                        once
 *	derive_free(d);
 *
 * The same lines and documents give the same number of entries of the same
 * kinds in the same order, live or imported, whatever the clock says. Only
 * names that an observer alone knows (observed/..., process/...,
 * wall_time_seconds, exit_...) differ, and those stand in entries that are made
 * anyway, or come last. Adoption relies on this: it derives again from the
 * start and drops as many entries as the journal has. (The watcher makes START,
 * ARTIFACT, TABLE, RECORDS and END.)
 *
 * The entries, in order:
 *  begin                PARAMS run_dir, config_path (if known), where it runs
 *  first record         RUN_ID; PARAMS run_id, schema_version (RUN_ID and
 *                       run_id later if the first record has no run_id)
 *  new experiment       EXPERIMENT; its five params as PARAMS: a plain run has
 *                       them at once and under plain names; a harness when the
 *                       second experiment appears (both, each with its index),
 *                       from then on at once with the index; a harness of a
 *                       single experiment at the end under plain names
 *  a point (design 4)   METRICS with the totals (no experiment), then, when
 *                       there are several, METRICS for each experiment that
 *                       changed since the point before, with its own step
 *  end                  RUN_ID and its PARAMS if no record brought one; the
 *                       last point; METRICS with the end values that do not
 *                       stand there already; PARAMS; HISTOGRAM latency_ms if
 *                       the records have latencies; of receipts METRICS and
 *                       HISTOGRAM calls/latency_ms, of a verdict PARAMS; then
 *                       what only an observer knows
 */
#ifndef MAPPING_DERIVE_H
#define MAPPING_DERIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include "journal/entry.h"
#include "mapping/experiment.h"
#include "mapping/receipts.h"

struct derive;

/* Takes the entry over; it must release it. */
typedef void derive_emit(struct entry *e, void *data);
/* A record was counted, and its entries were emitted. */
typedef void derive_counted(const struct derive *d, void *data);

struct derive_config {
	const char *run_dir;  /* text; absolute */
	const char *dir_name; /* text: the run ID if nothing else names one */
	const char *config_path; /* text or NULL */
	const char *prefix;      /* "" if none */
	int64_t points;          /* N of --points; 0: all */
	/* Params of where the run runs; borrowed until derive_begin(). */
	const struct pair *where;
	size_t where_len;
	derive_counted *counted; /* or NULL */
	void *counted_data;
};

/* When a line arrived. */
struct derive_arrival {
	int64_t time_us; /* becomes the entries' time */
	/* A reader that kept up saw the line arrive alone, so it may count for
	 * observed/latency_ms. false: it was read with others, or later. */
	bool observed;
};

/* The run's documents, as bytes; NULL for one that does not exist. */
struct derive_documents {
	const char *manifest;
	size_t manifest_len;
	const char *summary;
	size_t summary_len;
	const char *verdict; /* policy/verdict.json */
	size_t verdict_len;
};

struct derive_finish {
	int64_t time_us;
	struct derive_documents documents;
	struct receipts *receipts; /* NULL: the run has none */
	const char *resumed_from;  /* an attempt, or NULL */
	/* Values that only an observer knows; has_... says that they are
	 * set. */
	bool has_exit;
	int exit_code;   /* meaningless with a signal */
	int exit_signal; /* 0: none */
	bool has_usage;
	struct rusage usage;
	bool has_wall;
	double wall_seconds;
};

struct derive *derive_new(
    const struct derive_config *config, derive_emit *emit, void *data);
void derive_free(struct derive *d);

void derive_begin(struct derive *d, int64_t time_us);

/* Takes a manifest before the records (import): its run ID wins. */
void derive_manifest(struct derive *d, const char *bytes, size_t len);

/* A line without its newline. Blank: skipped. Malformed: counted. */
void derive_line(struct derive *d, const char *line, size_t len,
    const struct derive_arrival *arrival);

void derive_end(struct derive *d, const struct derive_finish *finish);

/* A live view of the counts. */
const struct mapping *derive_mapping(const struct derive *d);
/* NULL until it is known. */
const char *derive_run_id(const struct derive *d);
/* Step of the last record: the number of records. */
int64_t derive_last_step(const struct derive *d);
/* The index of that record's experiment, or ENTRY_NO_EXPERIMENT. */
int64_t derive_last_experiment(const struct derive *d);
/* The first malformed line, counted from 1; 0: none. */
uint64_t derive_first_malformed(const struct derive *d);
/* Writes which limits were passed, as one line of text; false: none was. */
bool derive_limits_passed(const struct derive *d, struct buf *line);

#endif
