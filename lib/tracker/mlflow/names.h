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

/* Appends prefix + name as the key of a metric, param or tag. In a component
 * that MLflow refuses each bad character becomes `_`, and `-` and eight hex
 * digits of the original follow, the first of them a letter; so do a `_`, if
 * there is none, and the digits where a component is cut or has to give way
 * (mlflow_component). One that looks as if that had been done to it is changed
 * as well: two names never become one, and the same one is made in every
 * process. A key that is too long is cut in front of its last component.
 * Returns whether it was changed. */
bool mlflow_key(struct buf *out, const char *prefix, const char *name);

/* One line for the report on a key that was changed. Allocated. */
char *mlflow_key_note(const char *prefix, const char *name, const char *key);

/* Appends another name for the component of a key, one that no component of any
 * other key has. */
void mlflow_component(struct buf *out, const char *component, size_t len);

/* Appends valid UTF-8 of at most max characters; returns whether it was cut. */
bool mlflow_text(struct buf *out, const char *text, size_t max);

/* Appends an artifact's name as a path inside the run, `/` kept: characters
 * that the server would decode again or refuse become `_`, `.` and `..`
 * segments too. Returns whether it was changed. */
bool mlflow_artifact_name(struct buf *out, const char *name);

#endif
