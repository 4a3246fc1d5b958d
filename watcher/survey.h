/*
 * Reads the records and the manifest of a run directory once, as they are now.
 * Reads regular files only, and needs memory for the longest line.
 *
 *	r = survey_read(&s, path, err);
 *	... s.mapping, survey_run_id(&s) ...
 *	survey_release(&s);                     also after an error
 */
#ifndef WATCHER_SURVEY_H
#define WATCHER_SURVEY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "mapping/experiment.h"
#include "mapping/documents.h"
#include "mapping/scores.h"

/* insideLLMs' manifests have a few kilobytes. */
#define SURVEY_MANIFEST_MAX ((size_t)16 * 1024 * 1024)

/* The numbers in a member of the records: their names, and the sums by name over
 * the run and over each experiment, by its index. */
struct survey_numbers {
	struct numbers names;
	struct sums all;
	struct sums *of;
	size_t of_len;
};

/* A record as it is read; all of it is valid during the call. */
struct survey_record {
	const struct record *record;
	const struct experiment *experiment; /* NULL: it belongs to none */
	const char *line;
	size_t len;
	uint64_t number; /* of the line, from 1 */
};

struct survey {
	int fd; /* the directory */
	struct survey_numbers scores, usage;
	struct mapping mapping;
	struct manifest manifest;
	char *dir_name; /* text */
	bool has_records, has_marker;
	uint64_t line_count;
	uint64_t first_malformed; /* a line's number, from 1; 0: none */
	uint64_t torn_bytes;      /* behind the last newline */
	/* private */
	void (*each)(
	    const struct survey *s, const struct survey_record *r, void *data);
	void *each_data;
};

/* -ENOENT: there is no such directory, or it is no run directory. A run
 * directory without records is fine: it has none yet. */
int survey_read(struct survey *s, const char *path, struct err *err);
/* The same, and calls `each` for every record, in the order of the file, when
 * s->scores and s->usage have its numbers. An experiment may be retired later
 * (mapping/experiment.h). */
int survey_read_each(struct survey *s, const char *path,
    void (*each)(
	const struct survey *s, const struct survey_record *r, void *data),
    void *data, struct err *err);
/* As survey_read, but reads the manifest only. */
int survey_manifest(struct survey *s, const char *path, struct err *err);
void survey_release(struct survey *s);

/* The run ID that tracking uses: the manifest's, else the first in the records,
 * else the directory's name. */
const char *survey_run_id(const struct survey *s);
/* What the experiment has of the i-th name; NULL: nothing. An experiment of NULL:
 * what the run has. */
const struct sum *survey_sum(
    const struct survey_numbers *n, const struct experiment *x, size_t i);
/* NULL: neither the records nor the manifest name one. */
const char *survey_schema_version(const struct survey *s);

#endif
