/*
 * Decides which trackers, options and values the library takes, and what the
 * default of each is.
 */
#ifndef ITRACK_SETTINGS_H
#define ITRACK_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "itrack.h"
#include "journal/entry.h"
#include "tracker/about.h"

/* The directory that start_run() made, among a target's options. */
#define PLACE_OPTION "place"
/* The name that trackers know as one of ours: a directory with it alone has no
 * content yet. */
#define TAKEN_MARK ".itrack-attempt"

/* The struct owns its members. They are texts of format/text.h, except
 * paths. */
struct settings {
	const struct tracker_about *kind;
	char *project;
	char *experiment_name;
	char **tags;
	size_t tag_len;
	char *notes;
	bool log_artifacts, log_code, auto_log_metrics;
	struct pair *options; /* the tracker's own names and texts */
	size_t option_len;
	/* "NAME=URI" with its login, for the worker's environment; or NULL */
	char *login;
	char *state_dir; /* bytes; NULL: nothing names one */
	double drain_seconds;
};

int kind_settings_init(struct settings *s, const char *kind,
    const struct itrack_config *config, const struct itrack_option *options,
    size_t option_count, struct err *err);
/* Takes the two options that every kind has, for a handle without a kind
 * yet. */
int settings_common(struct settings *s, const struct itrack_option *options,
    size_t option_count, struct err *err);
/* Takes the remaining settings from a run that another process began. */
int settings_recall(
    struct settings *s, const struct entry_start *start, struct err *err);
void kind_settings_release(struct settings *s);

/* The error of who needs a state directory where there is none. */
int settings_no_state_dir(struct err *err);

/* An option by the tracker's name for it; NULL: not given. */
const char *settings_option(const struct settings *s, const char *name);

#endif
