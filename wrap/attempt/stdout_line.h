/*
 * The numbers that a command prints as its last line, a JSON object: the
 * auto_track of a command. Values that are no numbers are passed over; true and
 * false are 1 and 0, as for Python.
 */
#ifndef WRAP_ATTEMPT_STDOUT_LINE_H
#define WRAP_ATTEMPT_STDOUT_LINE_H

#include <stddef.h>

#include "journal/entry.h"

/* Adds them to the entry, each name behind the prefix. Returns how many: 0 if
 * it is no object. */
size_t lastline_read(
    const char *line, size_t len, const char *prefix, struct entry *metrics);

#endif
