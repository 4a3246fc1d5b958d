/*
 * Finds the defects in manifest.json, summary.json and explain.json, for
 * directory.c.
 */
#ifndef WRAP_ITRACK_EXAMINE_DOCUMENTS_H
#define WRAP_ITRACK_EXAMINE_DOCUMENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "format/jsonscan.h"
#include "mapping/experiment.h"
#include "wrap/itrack/examine/directory.h"

/* `root`: the manifest, or a value that is no object. Returns whether the
 * manifest or the records say that the run is of a harness. */
bool check_manifest(
    struct check *c, const struct mapping *m, const struct json_span *root);

void check_summary(
    struct check *c, const struct mapping *m, const char *bytes, size_t len);

void check_explain(struct check *c, const struct json_span *manifest,
    const char *bytes, size_t len);

#endif
