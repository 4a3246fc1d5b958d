/*
 * The small documents of the local tracker, byte for byte as insideLLMs'
 * LocalFileTracker writes them (json.dump with indent=2, no newline at the
 * end): values in, bytes out.
 */
#ifndef TRACKER_LOCAL_FILES_H
#define TRACKER_LOCAL_FILES_H

#include <stdint.h>

#include "base/buf.h"
#include "format/jsonwrite.h"
#include "tracker/common/paramset.h"
#include "tracker/tracker.h"

/* Writes metadata.json of the run in the directory `name`. Its run_id is that
 * name, so that insideLLMs' load_run finds it. */
void local_write_metadata(
    struct buf *out, const struct run_info *run, const char *name);

void local_write_params(struct buf *out, const struct paramset *params);

void local_write_final_state(
    struct buf *out, const struct run_end *end, uint64_t metrics_count);

/* Writes an element of metrics.json, with `prefix` before each name. */
void local_write_metrics(
    struct jsonwrite *w, const struct entry *e, const char *prefix);

/* Writes an element of artifacts.json; `path` is the copy's path as text. */
void local_write_artifact(struct jsonwrite *w,
    const struct entry_artifact *artifact, const char *path);

#endif
