/*
 * The defects in manifest.json, summary.json and explain.json; a part of
 * directory.c.
 */
#ifndef WRAP_ITRACK_EXAMINE_DOCUMENTS_H
#define WRAP_ITRACK_EXAMINE_DOCUMENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "format/jsonscan.h"
#include "mapping/experiment.h"
#include "wrap/itrack/examine/directory.h"

/* `root`: the manifest, or no object at all. Is it of a harness, by the
 * manifest or by the records? */
bool check_manifest(
    struct check *c, const struct mapping *m, const struct json_span *root);

void check_summary(
    struct check *c, const struct mapping *m, const char *bytes, size_t len);

void check_explain(struct check *c, const struct json_span *manifest,
    const char *bytes, size_t len);

#endif
