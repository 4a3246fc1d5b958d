/* What the commands print, for people and for programs. */
#ifndef WRAP_ITRACK_PRINT_H
#define WRAP_ITRACK_PRINT_H

#include <stdio.h>

#include "base/err.h"
#include "format/jsonwrite.h"

/* The member "version" of the JSON; new members do not change it. */
#define PRINTED_VERSION 1

/* Prints bytes of any kind in a form fit for a terminal. */
void print_escaped(const char *bytes, FILE *file);

/* Says on standard error what went wrong in `itrack COMMAND`; names of others may be
 * in it. */
void print_failure(const char *command, const struct err *err);

/* Begins the one JSON object that a command prints: initialises `out` and `w`
 * and writes the member "version". */
void print_json_begin(struct jsonwrite *w, struct buf *out);
/* Writes a member; its bytes are of any kind, NULL is null. */
void print_json_bytes(struct jsonwrite *w, const char *key, const char *bytes);
/* Ends the object, prints what is not printed yet and releases `out`. */
void print_json_end(struct jsonwrite *w, struct buf *out);

#endif
