/*
 * Names and texts as an MLflow store takes them. A server answers 200 to a
 * request of which it drops half, and 400 to a whole batch for one bad name, so
 * everything is made valid before it is sent. Pure functions.
 */
#ifndef TRACKER_MLFLOW_NAMES_H
#define TRACKER_MLFLOW_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Characters (not bytes). */
#define MLFLOW_KEY_MAX       250
#define MLFLOW_PARAM_MAX     6000
#define MLFLOW_TAG_VALUE_MAX 8000
#define MLFLOW_NAME_MAX      500 /* of an experiment */
/* A component of a key is a file name in a file store. */
#define MLFLOW_COMPONENT_BYTES 250

/* Appends prefix + name as the key of a metric, param or tag. Characters that
 * MLflow refuses become `_`, and so do path segments that are no names; a key
 * that had to be changed or cut ends with `-` and eight hex digits of the
 * original, so that two never become one, and the same one is made in every
 * process. Returns whether it was changed. */
bool mlflow_key(struct buf *out, const char *prefix, const char *name);

/* Appends valid UTF-8 of at most max characters; returns whether it was cut. */
bool mlflow_text(struct buf *out, const char *text, size_t max);

/* Appends an artifact's name as a path inside the run, `/` kept: characters
 * that the server would decode again or refuse become `_`, `.` and `..`
 * segments too. Returns whether it was changed. */
bool mlflow_artifact_name(struct buf *out, const char *name);

#endif
