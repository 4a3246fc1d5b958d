/*
 * What `itrack import` and `itrack watch` share: how a run directory that is
 * there begins to be tracked, unless it is already.
 */
#ifndef WRAP_ITRACK_IMPORT_H
#define WRAP_ITRACK_IMPORT_H

#include "wrap/attempt/report.h"
#include "wrap/itrack/deliver.h"

#define IMPORT_WAIT_MS 10000

struct import {
	const struct options *options;
	struct deliver *deliver;
	char *state_dir;
	struct report report;
	bool failed;
	/* Nothing is said of what is tracked already, and nobody is waited
	 * for. */
	bool watches;
	/* The run goes on, and is followed to its end; a manifest with this
	 * stamp is no result of it. */
	bool follow;
	struct watcher_stamp old_manifest;
	/* What came of the calls of import_one(); who asks after each resets it. */
	size_t begun;   /* attempts, which were added to `deliver` */
	size_t tracked; /* directories that need nothing */
	bool busy;      /* another process is at work on it */
	int waited_ms;  /* for others that read their runs, in all */
};

/* Tracks the directory. `failed` is set if that could not be begun, and the
 * report says why. */
void import_one(struct import *im, const char *dir);
/* Was the directory written to a moment ago, so that a worker may be about to
 * begin with it? We have waited for that since `since_ms`, and wait no longer than
 * IMPORT_WAIT_MS, because somebody may write to it all the time. */
bool import_has_to_wait(
    const char *state_dir, const char *dir, int64_t since_ms);

#endif
