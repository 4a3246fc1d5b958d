/*
 * A run directory as it stands, read once: what its records and its manifest
 * say. Only regular files are read, records in memory for the longest line.
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

/* insideLLMs' manifests have a few kilobytes. */
#define SURVEY_MANIFEST_MAX ((size_t)16 * 1024 * 1024)

struct survey {
	int fd; /* the directory */
	struct mapping mapping;
	struct manifest manifest;
	char *dir_name; /* text */
	bool has_records, has_marker;
	uint64_t line_count;
	uint64_t first_malformed; /* a line's number, from 1; 0: none */
	uint64_t torn_bytes;      /* behind the last newline */
};

/* -ENOENT: there is no such directory, or it is no run directory. A run
 * directory without records is fine: it has none yet. */
int survey_read(struct survey *s, const char *path, struct err *err);
/* The same, but the manifest alone. */
int survey_manifest(struct survey *s, const char *path, struct err *err);
void survey_release(struct survey *s);

/* As tracking names it: the manifest's, else the first in the records, else the
 * directory's name. */
const char *survey_run_id(const struct survey *s);
/* NULL: not said anywhere. */
const char *survey_schema_version(const struct survey *s);

#endif
