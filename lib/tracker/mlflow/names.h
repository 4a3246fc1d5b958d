/*
 * Makes names and texts that an MLflow store accepts: which characters and
 * how many, and the digest of what had to be changed. A server may answer
 * 200 and yet drop half of a request, or refuse a whole batch for one bad
 * name, so we make everything valid before we send it. Pure functions.
 */
#ifndef TRACKER_MLFLOW_NAMES_H
#define TRACKER_MLFLOW_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "format/jsonwrite.h"

/* Appends prefix + name as the key of a metric, param or tag. In a component
 * that MLflow refuses, each bad character becomes `_`, and `-` and eight hex
 * digits of a digest of the original follow, the first of them a letter. A
 * component that is cut or has to give way (mlflow_component) gets the digits,
 * too, and a `_` if it has none. A component that looks like the result of such
 * a change is changed as well. So two names never become one, and every process
 * makes the same key of a name. A key that is too long is cut in front of its
 * last component. Returns whether the name was changed. */
bool mlflow_key(struct buf *out, const char *prefix, const char *name);

/* A line for the report, about a key that was changed. Allocated. */
char *mlflow_key_note(const char *prefix, const char *name, const char *key);

/* Appends another name for the component of a key; no component of any other
 * key has that name. */
void mlflow_component(struct buf *out, const char *component, size_t len);

/* Appends valid UTF-8 of at most max characters; returns whether it was cut. */
bool mlflow_text(struct buf *out, const char *text, size_t max);
/* The same as a member of an object; a text of NULL is none. */
void mlflow_text_member(
    struct jsonwrite *w, const char *key, const char *text, size_t max);

/* Appends an artifact's name as a path inside the run. `/` stays; characters
 * that the server would decode again or refuse become `_`, and so do the
 * segments `.` and `..`. A component that is changed gets a digest, as those of
 * keys do, before its ending (`report_-a1b2c3d4.html`). Returns whether the name
 * was changed. */
bool mlflow_artifact_name(struct buf *out, const char *name);

#endif
