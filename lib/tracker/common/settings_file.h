/*
 * Reads files in which the user keeps settings and keys for many programs:
 * netrc, W&B's settings, MLflow's credentials. As those programs do, it follows
 * links, and a file that this user may not read counts as missing, because it
 * is in the home directory of somebody else; but who reads it gets to know.
 */
#ifndef TRACKER_COMMON_SETTINGS_FILE_H
#define TRACKER_COMMON_SETTINGS_FILE_H

#include "base/buf.h"
#include "base/err.h"

/* 1: `text` has the whole file; 0: there is none, or nothing that can be read
 * (/dev/null); or a negative errno: it could not be looked at. `denied`: where
 * *denied is NULL, it gets a line on a file that this user may not read.
 * Allocated. */
int settings_file_read(
    const char *path, struct buf *text, char **denied, struct err *err);

#endif
