/*
 * Reads the numbers of a command's last output line, a JSON object: this is
 * auto_track for a command. Values that are no numbers are passed over; true
 * and false are 1 and 0, as in Python.
 */
#ifndef WRAP_ATTEMPT_STDOUT_LINE_H
#define WRAP_ATTEMPT_STDOUT_LINE_H

#include <stddef.h>

#include "journal/entry.h"

/* Adds the numbers to the entry, with the prefix before each name. Returns how
 * many there were: 0 if the line is no object. */
size_t lastline_read(
    const char *line, size_t len, const char *prefix, struct entry *metrics);

#endif
