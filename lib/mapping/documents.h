/*
 * Reads from manifest.json and summary.json what the records don't say. A
 * document that is no JSON object says nothing.
 */
#ifndef MAPPING_DOCUMENTS_H
#define MAPPING_DOCUMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/jsonscan.h"
#include "journal/entry.h"

/* dataset_id, dataset_version, dataset_hash, dataset_provenance */
#define MANIFEST_DATASET_LEN 4

/* Texts (format/text.h); NULL: not said. */
struct manifest {
	bool there; /* it is a JSON object */
	char *run_id;
	char *schema_version;
	char *command;
	char
	    *records_file; /* NULL: not said, or no name within the directory */
	int64_t record_count; /* -1: not said */
	bool harness;
	int64_t model_count, probe_count; /* of a harness; -1: not said */
	bool has_dataset;
	struct param dataset[MANIFEST_DATASET_LEN]; /* text or null */
};

/* The whole document; type JSON_NONE: it is not JSON. It points into bytes. */
struct json_span document_root(const char *bytes, size_t len);

/* bytes NULL: no manifest. */
void manifest_read(struct manifest *m, const char *bytes, size_t len);
/* How many more records the manifest counts than `count`; 0: not more, or it
 * does not say. bytes NULL: there is no manifest. */
int64_t manifest_missing(const char *bytes, size_t len, uint64_t count);
void manifest_release(struct manifest *m);

/* The verdict of insideLLMs' policy: adds the params policy/passed and, where
 * there are reasons, policy/reasons. Nothing if it is no verdict. */
void verdict_add(struct entry *params, const char *bytes, size_t len);

/* Calls `each` for every probe whose accuracy is that of a single experiment
 * (its n is 1), with the probe's name as text. */
void summary_read(const char *bytes, size_t len,
    void (*each)(const char *probe_name, double accuracy, void *data),
    void *data);

#endif
